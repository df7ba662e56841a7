-- 自然资源: homes and their owners. The view counts a person's homes and shows the one registered last.
CREATE TABLE exchange (one boolean PRIMARY KEY DEFAULT true CHECK (one), as_of timestamptz NOT NULL);

CREATE TABLE property (
  number integer PRIMARY KEY,
  certificate_no text NOT NULL,
  location text NOT NULL,
  area integer NOT NULL CHECK (area > 0), -- in square decimetres
  registered_on date NOT NULL
);

CREATE TABLE owner (
  property integer NOT NULL,
  citizen_id text NOT NULL,
  PRIMARY KEY (citizen_id, property)
);

CREATE VIEW housing_record AS
  SELECT DISTINCT ON (o.citizen_id) o.citizen_id,
         count(*) OVER (PARTITION BY o.citizen_id)::integer AS properties,
         p.certificate_no, p.location, p.area, p.registered_on
  FROM owner o JOIN property p ON p.number = o.property
  ORDER BY o.citizen_id, p.registered_on DESC, p.number DESC;

GRANT SELECT ON exchange, housing_record TO dspace_src_natural_resources;
