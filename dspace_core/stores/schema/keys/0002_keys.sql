-- Wrapped keys. The root that opens them is never here; what is sealed under them is in the other cluster.
-- An erased key leaves its row without the key, so that its generation is never used again.
CREATE TABLE subject_year_key (
  subject_id uuid NOT NULL,
  year smallint NOT NULL,
  generation smallint NOT NULL CHECK (generation >= 0),
  wrapped bytea,
  PRIMARY KEY (subject_id, year, generation)
);
-- At most one key of a subject's year is in use: two notaries that mint at once end with one.
CREATE UNIQUE INDEX subject_year_key_live ON subject_year_key (subject_id, year) WHERE wrapped IS NOT NULL;

CREATE TABLE subject_key (
  subject_id uuid NOT NULL,
  kind text NOT NULL CHECK (kind IN ('case', 'identity')),
  id uuid NOT NULL,
  wrapped bytea,
  PRIMARY KEY (subject_id, kind, id)
);

CREATE TABLE answer_key (
  subject_id uuid NOT NULL,
  answer_id uuid NOT NULL,
  made_at timestamptz NOT NULL,
  wrapped bytea NOT NULL,
  PRIMARY KEY (subject_id, answer_id)
);
CREATE INDEX answer_key_age ON answer_key (made_at);

CREATE TABLE day_key (
  day date PRIMARY KEY,
  wrapped bytea NOT NULL,
  -- Since when no record of the day waits to be numbered, as far as the notary has looked.
  idle_since timestamptz
);

-- The request path opens years (to show a person their own trail) and makes everything but years. It erases answers only.
GRANT SELECT ON subject_year_key TO dspace_app;
GRANT SELECT, INSERT ON subject_key, day_key TO dspace_app;
GRANT SELECT, INSERT, DELETE ON answer_key TO dspace_app;
-- The notary makes years and days, and erases: the one that numbers is the one that may forget.
GRANT SELECT, INSERT, UPDATE ON subject_year_key TO dspace_notary;
GRANT SELECT, INSERT, UPDATE ON subject_key TO dspace_notary;
GRANT SELECT, INSERT, UPDATE, DELETE ON day_key TO dspace_notary;
