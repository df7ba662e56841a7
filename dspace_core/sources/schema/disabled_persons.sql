-- 残联: certificates of disability.
CREATE TABLE exchange (one boolean PRIMARY KEY DEFAULT true CHECK (one), as_of timestamptz NOT NULL);

CREATE TABLE certificate (
  citizen_id text PRIMARY KEY,
  certificate_no text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('1', '2', '3', '4', '5', '6', '7')),
  grade text NOT NULL CHECK (grade IN ('1', '2', '3', '4')),
  issued_on date NOT NULL
);

CREATE VIEW disability_record AS SELECT citizen_id, certificate_no, kind, grade, issued_on FROM certificate;

GRANT SELECT ON exchange, disability_record TO dspace_src_disabled_persons;
