-- Wrapped keys. The root that opens them is never here; what is sealed under them is in the other cluster.
-- An erased key leaves its row without the key: none is made in its place under the same name.
CREATE TABLE subject_year_key (
  subject_id uuid NOT NULL,
  year smallint NOT NULL,
  -- Random: a cluster that was put back to an older state cannot hand one out again.
  generation bigint NOT NULL CHECK (generation >= 0),
  wrapped bytea,
  PRIMARY KEY (subject_id, year, generation)
) PARTITION BY HASH (subject_id);
-- At most one key of a subject's year is in use: two notaries that mint at once end with one.
CREATE UNIQUE INDEX subject_year_key_live ON subject_year_key (subject_id, year) WHERE wrapped IS NOT NULL;

CREATE TABLE subject_key (
  subject_id uuid NOT NULL,
  kind text NOT NULL CHECK (kind IN ('case', 'identity')),
  id uuid NOT NULL,
  wrapped bytea,
  PRIMARY KEY (subject_id, kind, id)
) PARTITION BY HASH (subject_id);

-- Only writing a table anew takes a dead key's bytes out of its file. In parts, so that this holds nobody up for long.
DO $$
DECLARE part text;
BEGIN
  FOR number IN 0..7 LOOP
    FOREACH part IN ARRAY ARRAY['subject_year_key', 'subject_key'] LOOP
      EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES WITH (MODULUS 8, REMAINDER %s)',
                     part || '_' || number, part, number);
    END LOOP;
  END LOOP;
END $$;

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

-- The planner's statistics would keep samples of keys, in a table that nobody clears. Dead rows are taken out soon.
-- The notary may write each table anew.
DO $$
DECLARE held regclass; kind "char";
BEGIN
  FOR held, kind IN
    SELECT attrelid::regclass, relkind FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
    WHERE attname = 'wrapped' AND relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace
  LOOP
    EXECUTE format('ALTER TABLE ONLY %s ALTER COLUMN wrapped SET STATISTICS 0', held);
    IF kind = 'r' THEN
      EXECUTE format(
        'ALTER TABLE %s SET (autovacuum_vacuum_threshold = 0, autovacuum_vacuum_scale_factor = 0)', held);
      EXECUTE format('GRANT MAINTAIN ON %s TO dspace_notary', held);
    END IF;
  END LOOP;
END $$;

-- The request path opens years (to show a person their own trail) and makes everything but years. It erases answers only.
GRANT SELECT ON subject_year_key TO dspace_app;
GRANT SELECT, INSERT ON subject_key, day_key TO dspace_app;
GRANT SELECT, INSERT, DELETE ON answer_key TO dspace_app;
-- The notary makes years and days, and erases: the one that numbers is the one that may forget.
GRANT SELECT, INSERT, UPDATE ON subject_year_key TO dspace_notary;
GRANT SELECT, INSERT, UPDATE ON subject_key TO dspace_notary;
GRANT SELECT, INSERT, UPDATE, DELETE ON day_key TO dspace_notary;
