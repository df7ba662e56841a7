-- What people say is wrong in what an authority holds on them (更正申请), and what the authority answered. Words are sealed.
CREATE TABLE correction (
  subject_id uuid NOT NULL,
  correction_id uuid NOT NULL,
  category text NOT NULL,
  field text NOT NULL,
  authority_id text NOT NULL,
  state text NOT NULL CHECK (state IN ('asked', 'accepted', 'declined')),
  asked_at bigint NOT NULL,
  answered_at bigint CHECK (answered_at >= asked_at),
  evidence_id uuid NOT NULL,
  content bytea NOT NULL,
  PRIMARY KEY (subject_id, correction_id),
  CHECK ((state = 'asked') = (answered_at IS NULL))
);

-- An answer stands; nothing else of a row ever changes.
CREATE FUNCTION correction_answered() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'a correction is answered once' USING ERRCODE = 'check_violation', CONSTRAINT = 'correction_answered';
END $$;
CREATE TRIGGER correction_answered BEFORE UPDATE ON correction FOR EACH ROW WHEN (OLD.state <> 'asked')
  EXECUTE FUNCTION correction_answered();

GRANT SELECT, INSERT ON correction TO dspace_app;
GRANT UPDATE (state, answered_at, evidence_id, content) ON correction TO dspace_app;
