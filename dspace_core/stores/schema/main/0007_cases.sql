-- Cases (办件), and the keys under which they were filed. Every key starts with the subject. Instants are milliseconds
-- since 1970; days are legal days. That a case is late is derived, never stored.
CREATE TABLE cases (
  subject_id uuid NOT NULL,
  case_id uuid NOT NULL,
  -- The printed number (办件编号): unique, because its serial is drawn from a sequence.
  number text NOT NULL CHECK (length(number) <= 50),
  client text NOT NULL,
  item text NOT NULL,
  item_version integer NOT NULL,
  -- Of the catalogue: the case keeps it for good.
  edition integer NOT NULL,
  authority_id text NOT NULL,
  plugin text NOT NULL,
  grant_ids uuid[] NOT NULL,
  state text NOT NULL
    CHECK (state IN ('accepted', 'supplement', 'referred', 'approved', 'refused', 'closed', 'withdrawn')),
  accepted_on date NOT NULL,
  -- The stretches in which the clock stood still; the last has no end while it stands.
  stopped_on date[] NOT NULL DEFAULT '{}',
  resumed_on date[] NOT NULL DEFAULT '{}',
  -- Decided or withdrawn.
  ended_on date,
  filed_at bigint NOT NULL,
  changed_at bigint NOT NULL,
  -- Whether the grants of a case that is over were ended with it.
  released boolean NOT NULL DEFAULT false,
  filed_evidence_id uuid NOT NULL,
  evidence_id uuid NOT NULL,
  -- Under the key of the case: form, answers, decision and what follows.
  content bytea NOT NULL,
  PRIMARY KEY (subject_id, case_id),
  CHECK (cardinality(stopped_on) - cardinality(resumed_on) IN (0, 1)),
  CHECK (released <= (state IN ('closed', 'withdrawn'))),
  CHECK (state <> 'closed' OR released)
) WITH (fillfactor = 80);
-- Those whose decision is to be settled, or whose grants are to be ended.
CREATE INDEX cases_unfinished ON cases (subject_id, case_id)
  WHERE state IN ('approved', 'refused') OR (state = 'withdrawn' AND NOT released);

CREATE SEQUENCE case_serial AS bigint MINVALUE 0 MAXVALUE 999999999 CYCLE;

-- One row for each filing under a key. It is inserted before anything else is done, so that a retry finds the ids.
CREATE TABLE idempotency (
  subject_id uuid NOT NULL,
  client text NOT NULL,
  route text NOT NULL,
  -- SHA-256 over the key: what a client puts into it stands nowhere.
  key bytea NOT NULL CHECK (octet_length(key) = 32),
  case_id uuid NOT NULL,
  state text NOT NULL CHECK (state IN ('started', 'done')),
  -- The lease of whoever works on it; NULL: nobody does.
  process uuid,
  -- HMAC of the request under a key that is erased with the case.
  body bytea NOT NULL CHECK (octet_length(body) = 32),
  edition integer NOT NULL,
  started_at bigint NOT NULL,
  act_id uuid NOT NULL,
  grant_ids uuid[] NOT NULL,
  grant_evidence_ids uuid[] NOT NULL,
  filed_evidence_id uuid NOT NULL,
  decided_evidence_id uuid NOT NULL,
  answer bytea,
  PRIMARY KEY (subject_id, client, route, key),
  CHECK ((state = 'done') = (answer IS NOT NULL)),
  CHECK (state = 'started' OR process IS NULL)
) WITH (fillfactor = 80);
CREATE INDEX idempotency_case ON idempotency (subject_id, case_id);

-- Who filed what, under which number and on which grants never changes; nothing is ever removed.
GRANT SELECT, INSERT ON cases, idempotency TO dspace_app;
GRANT UPDATE (state, stopped_on, resumed_on, ended_on, changed_at, released, evidence_id, content) ON cases TO dspace_app;
GRANT UPDATE (state, process, answer) ON idempotency TO dspace_app;
GRANT USAGE ON SEQUENCE case_serial TO dspace_app;

-- What no code of a serving process, ours or injected, can do to a case. Each name is what the error says.
CREATE FUNCTION cases_move() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  act boolean := NEW.state <> OLD.state;
  stops integer := cardinality(OLD.stopped_on);
  ends integer := cardinality(OLD.resumed_on);
  broken text;
BEGIN
  broken := CASE
    WHEN OLD.state = 'closed' OR (OLD.state = 'withdrawn' AND OLD.released) THEN 'cases_final'
    WHEN act AND (OLD.state || ' ' || NEW.state) NOT IN (
      'accepted supplement', 'accepted referred', 'accepted approved', 'accepted refused', 'accepted withdrawn',
      'supplement referred', 'supplement refused', 'supplement withdrawn',
      'referred supplement', 'referred approved', 'referred refused', 'referred withdrawn',
      'approved closed', 'refused closed') THEN 'cases_state'
    WHEN act = (NEW.evidence_id = OLD.evidence_id) OR (NOT act AND NEW.changed_at <> OLD.changed_at)
      THEN 'cases_evidence'
    -- Between two acts only a settlement is added to a decision.
    WHEN NOT act AND NEW.content <> OLD.content AND OLD.state NOT IN ('approved', 'refused') THEN 'cases_content'
    WHEN NEW.stopped_on[1:stops] <> OLD.stopped_on OR NEW.resumed_on[1:ends] <> OLD.resumed_on
      OR (OLD.ended_on IS NOT NULL AND NEW.ended_on IS DISTINCT FROM OLD.ended_on)
      OR (NOT act AND (NEW.stopped_on, NEW.resumed_on, NEW.ended_on)
        IS DISTINCT FROM (OLD.stopped_on, OLD.resumed_on, OLD.ended_on)) THEN 'cases_clock'
    WHEN (NEW.ended_on IS NULL) = (NEW.state IN ('approved', 'refused', 'closed', 'withdrawn')) THEN 'cases_clock'
  END;
  IF broken IS NOT NULL THEN
    RAISE EXCEPTION 'a case does not move like this' USING ERRCODE = 'check_violation', CONSTRAINT = broken;
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER cases_move BEFORE UPDATE ON cases FOR EACH ROW EXECUTE FUNCTION cases_move();

CREATE FUNCTION idempotency_answered() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'an answer stands' USING ERRCODE = 'check_violation', CONSTRAINT = 'idempotency_answered';
END $$;
CREATE TRIGGER idempotency_answered BEFORE UPDATE ON idempotency FOR EACH ROW WHEN (OLD.state = 'done')
  EXECUTE FUNCTION idempotency_answered();
