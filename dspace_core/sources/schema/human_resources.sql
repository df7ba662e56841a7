-- 人社: pension insurance, one scheme per person.
CREATE TABLE exchange (one boolean PRIMARY KEY DEFAULT true CHECK (one), as_of timestamptz NOT NULL);

CREATE TABLE pension (
  citizen_id text PRIMARY KEY,
  scheme text NOT NULL CHECK (scheme IN ('resident', 'employee')),
  enrolled_on date NOT NULL,
  contribution_months integer NOT NULL CHECK (contribution_months >= 0),
  receiving boolean NOT NULL
);

CREATE VIEW pension_record AS
  SELECT citizen_id, scheme, enrolled_on, contribution_months, receiving FROM pension;

GRANT SELECT ON exchange, pension_record TO dspace_src_human_resources;
