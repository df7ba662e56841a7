-- Sessions: one for each login, of a person or a member of staff, bound to the key of one device (RFC 9449).
-- The refresh token is known by its digest alone; each use of it puts another in its place.
CREATE TABLE session (
  -- Of staff: a keyed digest of who the identity provider says it is.
  subject_id uuid NOT NULL,
  session_id uuid NOT NULL,
  client text NOT NULL CHECK (client <> ''),
  level smallint NOT NULL CHECK (level BETWEEN 1 AND 4),
  -- The thumbprint of the key (RFC 7638).
  jkt text NOT NULL CHECK (length(jkt) = 43),
  -- NULL: a person's.
  authority text CHECK (authority <> ''),
  roles text[] CHECK (cardinality(roles) > 0),
  authenticated_at bigint NOT NULL,
  started_at bigint NOT NULL,
  ends_at bigint NOT NULL CHECK (ends_at > started_at),
  refresh bytea NOT NULL CHECK (octet_length(refresh) = 32),
  refreshed_at bigint NOT NULL,
  ended_at bigint,
  ended_why text CHECK (ended_why IN ('logout', 'replaced', 'refresh_reused', 'code_reused')),
  PRIMARY KEY (subject_id, session_id),
  CHECK ((authority IS NULL) = (roles IS NULL)),
  CHECK ((ended_at IS NULL) = (ended_why IS NULL))
);
-- Which ended of late: a process that was deaf for a moment reads it.
CREATE INDEX session_ended ON session (ended_at) WHERE ended_at IS NOT NULL;

-- An ended session never lives again, whatever a serving process does.
CREATE FUNCTION session_ended() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'a session ends once' USING ERRCODE = 'check_violation', CONSTRAINT = 'session_ended';
END $$;
CREATE TRIGGER session_ended BEFORE UPDATE ON session FOR EACH ROW WHEN (OLD.ended_at IS NOT NULL)
  EXECUTE FUNCTION session_ended();

-- Whose it is, on which device and how surely identified never changes.
GRANT SELECT, INSERT ON session TO dspace_app;
GRANT UPDATE (refresh, refreshed_at, ended_at, ended_why) ON session TO dspace_app;
