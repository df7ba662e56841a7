-- 公安: people and the households in which they are registered.
CREATE TABLE exchange (one boolean PRIMARY KEY DEFAULT true CHECK (one), as_of timestamptz NOT NULL);

CREATE TABLE household (
  number integer PRIMARY KEY,
  division text NOT NULL,
  address text NOT NULL
);

CREATE TABLE person (
  citizen_id text PRIMARY KEY,
  full_name text NOT NULL,
  sex text NOT NULL CHECK (sex IN ('1', '2')),
  birth_date date NOT NULL,
  household integer NOT NULL, -- no foreign key: checking it takes as long as writing the rest of the row
  relationship text NOT NULL,
  registration text NOT NULL CHECK (registration IN ('normal', 'cancelled'))
);

CREATE VIEW population_record AS
  SELECT p.citizen_id, p.full_name, p.sex, p.birth_date, h.division AS household_division, h.address, p.relationship,
         p.registration
  FROM person p JOIN household h ON h.number = p.household;

-- What was made, too: the development identity provider tells from it who shows what.
GRANT SELECT ON made, exchange, population_record TO dspace_src_public_security;
