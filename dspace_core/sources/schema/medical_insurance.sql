-- 医保: who is insured, in which pooling area.
CREATE TABLE exchange (one boolean PRIMARY KEY DEFAULT true CHECK (one), as_of timestamptz NOT NULL);

CREATE TABLE insurance (
  citizen_id text PRIMARY KEY,
  kind text NOT NULL CHECK (kind IN ('employee', 'resident')),
  pooling_area text NOT NULL,
  enrolled_on date NOT NULL,
  status text NOT NULL CHECK (status IN ('normal', 'paused'))
);

CREATE VIEW insurance_record AS SELECT citizen_id, kind, pooling_area, enrolled_on, status FROM insurance;

GRANT SELECT ON exchange, insurance_record TO dspace_src_medical_insurance;
