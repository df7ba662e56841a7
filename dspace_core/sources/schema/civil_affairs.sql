-- 民政: marriages, standard addresses, assistance. The view of marriages shows a person their own status, and nothing
-- about the other one.
CREATE TABLE exchange (one boolean PRIMARY KEY DEFAULT true CHECK (one), as_of timestamptz NOT NULL);

CREATE TABLE marriage (
  number integer PRIMARY KEY,
  husband text NOT NULL,
  wife text NOT NULL CHECK (wife <> husband),
  registered_on date NOT NULL,
  ended_on date CHECK (ended_on >= registered_on),
  ending text CHECK (ending IN ('divorce', 'death')),
  CHECK ((ended_on IS NULL) = (ending IS NULL))
);
CREATE INDEX ON marriage (husband);
CREATE INDEX ON marriage (wife);

-- The status by GB/T 2261.2: 20 married, 30 widowed, 40 divorced; the latest registration counts.
CREATE VIEW marriage_record AS
  SELECT DISTINCT ON (citizen_id) citizen_id, registered_on,
         CASE ending WHEN 'divorce' THEN '40' WHEN 'death' THEN '30' ELSE '20' END AS marital_status
  FROM (SELECT husband AS citizen_id, registered_on, ending FROM marriage
        UNION ALL SELECT wife, registered_on, ending FROM marriage) AS party
  ORDER BY citizen_id, registered_on DESC;

CREATE TABLE place (
  number integer PRIMARY KEY,
  division text NOT NULL,
  division_name text NOT NULL,
  standard_address text NOT NULL
);

CREATE TABLE resident (
  citizen_id text PRIMARY KEY,
  place integer NOT NULL -- one without a row has no standard form yet
);

CREATE VIEW place_record AS
  SELECT r.citizen_id, p.division, p.division_name, p.standard_address
  FROM resident r JOIN place p ON p.number = r.place;

CREATE TABLE assistance (
  citizen_id text PRIMARY KEY,
  kind text NOT NULL CHECK (kind IN ('minimum_living', 'extreme_poverty')),
  since date NOT NULL
);

CREATE VIEW assistance_record AS SELECT citizen_id, kind, since FROM assistance;

GRANT SELECT ON exchange, marriage_record, place_record, assistance_record TO dspace_src_civil_affairs;
