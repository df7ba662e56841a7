-- 市监: companies and their officers. Whoever represents more than one company has more than one record.
CREATE TABLE exchange (one boolean PRIMARY KEY DEFAULT true CHECK (one), as_of timestamptz NOT NULL);

CREATE TABLE company (
  uscc text PRIMARY KEY,
  name text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('enterprise', 'self_employed')),
  registered_on date NOT NULL,
  division text NOT NULL,
  address text NOT NULL,
  capital bigint NOT NULL CHECK (capital >= 0), -- in fen
  status text NOT NULL CHECK (status IN ('active', 'irregular')),
  representative_name text NOT NULL,
  representative_id text NOT NULL
);

CREATE TABLE officer (
  uscc text NOT NULL,
  citizen_id text NOT NULL,
  role text NOT NULL CHECK (role IN ('legal_representative', 'supervisor')),
  since date NOT NULL,
  PRIMARY KEY (uscc, role)
);
CREATE INDEX ON officer (citizen_id);

CREATE VIEW company_record AS
  SELECT uscc, name, kind, registered_on, division, address, capital, status, representative_name, representative_id
  FROM company;

CREATE VIEW representative_record AS
  SELECT o.citizen_id, o.uscc, c.name AS company_name, o.since
  FROM officer o JOIN company c ON c.uscc = o.uscc
  WHERE o.role = 'legal_representative';

GRANT SELECT ON exchange, company_record, representative_record TO dspace_src_market_regulation;
