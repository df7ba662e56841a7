-- 人社: pension insurance, one scheme per person; employment as employers report it; unemployment insurance.
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

CREATE TABLE employment (
  citizen_id text PRIMARY KEY,
  employer text NOT NULL,
  since date NOT NULL
);

CREATE VIEW employment_record AS SELECT citizen_id, employer, since FROM employment;

CREATE TABLE unemployment (
  citizen_id text PRIMARY KEY,
  insured_months integer NOT NULL CHECK (insured_months >= 0),
  left_on date,
  leave_kind text CHECK (leave_kind IN ('involuntary', 'own_will')),
  registered boolean NOT NULL,
  benefit_months integer NOT NULL CHECK (benefit_months >= 0),
  receiving boolean NOT NULL,
  CHECK ((left_on IS NULL) = (leave_kind IS NULL)),
  CHECK (left_on IS NOT NULL OR NOT registered),
  CHECK (registered OR NOT receiving)
);

CREATE VIEW unemployment_record AS
  SELECT citizen_id, insured_months, left_on, leave_kind, registered, benefit_months, receiving FROM unemployment;

GRANT SELECT ON exchange, pension_record, employment_record, unemployment_record TO dspace_src_human_resources;
