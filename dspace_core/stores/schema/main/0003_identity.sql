-- Who is who: a keyed digest of document type and number leads to a random id. One row for each root key held.
-- The number itself is sealed under a key of the subject in the other cluster.
CREATE TABLE identity (
  lookup bytea PRIMARY KEY CHECK (octet_length(lookup) = 32),
  root_id text NOT NULL,
  subject_id uuid NOT NULL,
  sealed bytea NOT NULL
);
CREATE INDEX identity_subject ON identity (subject_id);
GRANT SELECT, INSERT ON identity TO dspace_app;
