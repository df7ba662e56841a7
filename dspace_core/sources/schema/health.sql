-- 卫健: birth certificates and death certificates.
CREATE TABLE exchange (one boolean PRIMARY KEY DEFAULT true CHECK (one), as_of timestamptz NOT NULL);

CREATE TABLE birth (
  child text PRIMARY KEY,
  born_on date NOT NULL,
  mother text NOT NULL CHECK (mother <> child),
  father text CHECK (father <> child),
  certificate_no text NOT NULL,
  institution text NOT NULL
);
CREATE INDEX ON birth (mother);
CREATE INDEX ON birth (father);

CREATE TABLE death (
  citizen_id text PRIMARY KEY,
  died_on date NOT NULL
);

CREATE VIEW birth_record AS
  SELECT child AS citizen_id, certificate_no, born_on, institution, mother, father FROM birth;

-- How many children a person has by the certificates, and when the last was born.
CREATE VIEW childbearing_record AS
  SELECT citizen_id, count(*)::integer AS children, max(born_on) AS last_born_on
  FROM (SELECT mother AS citizen_id, born_on FROM birth
        UNION ALL SELECT father, born_on FROM birth WHERE father IS NOT NULL) AS parent
  GROUP BY citizen_id;

CREATE VIEW death_record AS SELECT citizen_id, died_on FROM death;

GRANT SELECT ON exchange, birth_record, childbearing_record, death_record TO dspace_src_health;
