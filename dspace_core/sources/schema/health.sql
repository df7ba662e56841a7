-- 卫健: birth certificates and death certificates.
CREATE TABLE exchange (one boolean PRIMARY KEY DEFAULT true CHECK (one), as_of timestamptz NOT NULL);

CREATE TABLE birth (
  child text PRIMARY KEY,
  born_on date NOT NULL,
  mother text NOT NULL CHECK (mother <> child),
  father text CHECK (father <> child)
);

CREATE TABLE death (
  citizen_id text PRIMARY KEY,
  died_on date NOT NULL
);

CREATE VIEW birth_record AS SELECT child AS citizen_id, born_on FROM birth;
CREATE VIEW death_record AS SELECT citizen_id, died_on FROM death;

GRANT SELECT ON exchange, birth_record, death_record TO dspace_src_health;
