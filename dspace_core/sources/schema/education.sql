-- 教育: the highest level of each person, or the one at which they study.
CREATE TABLE exchange (one boolean PRIMARY KEY DEFAULT true CHECK (one), as_of timestamptz NOT NULL);

CREATE TABLE education (
  citizen_id text PRIMARY KEY,
  level text NOT NULL CHECK (level IN ('primary', 'junior', 'senior', 'tertiary')),
  school text NOT NULL,
  studying boolean NOT NULL,
  graduated_on date,
  certificate_no text,
  CHECK (studying = (graduated_on IS NULL)),
  CHECK (studying = (certificate_no IS NULL))
);

CREATE VIEW education_record AS
  SELECT citizen_id, level, school, studying, graduated_on, certificate_no FROM education;

GRANT SELECT ON exchange, education_record TO dspace_src_education;
