-- 信用: who is listed for serious dishonesty, and the grades of companies.
CREATE TABLE exchange (one boolean PRIMARY KEY DEFAULT true CHECK (one), as_of timestamptz NOT NULL);

CREATE TABLE listing (
  citizen_id text PRIMARY KEY,
  listed_on date NOT NULL,
  reason text NOT NULL CHECK (reason IN ('judgment', 'tax', 'fraud'))
);

CREATE TABLE grade (
  uscc text PRIMARY KEY,
  grade text NOT NULL CHECK (grade IN ('A', 'B', 'C', 'D')),
  listed boolean NOT NULL,
  graded_on date NOT NULL
);

CREATE VIEW credit_record AS SELECT citizen_id, listed_on, reason FROM listing;
CREATE VIEW company_credit_record AS SELECT uscc, grade, listed, graded_on FROM grade;

GRANT SELECT ON exchange, credit_record, company_credit_record TO dspace_src_credit;
