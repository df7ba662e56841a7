-- 司法: who is in prison. The view has nothing to tell but that there is a record.
CREATE TABLE exchange (one boolean PRIMARY KEY DEFAULT true CHECK (one), as_of timestamptz NOT NULL);

CREATE TABLE custody (
  citizen_id text PRIMARY KEY,
  committed_on date NOT NULL
);

CREATE VIEW custody_record AS SELECT citizen_id FROM custody;

GRANT SELECT ON exchange, custody_record TO dspace_src_justice;
