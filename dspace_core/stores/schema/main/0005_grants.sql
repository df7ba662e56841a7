-- Grants, the notices they rest on, and their uses. Every key starts with the subject, so a person's rows stay together.
-- Instants are milliseconds since 1970. EXPIRED and EXHAUSTED are not states: they follow from ends_at and uses_left.
CREATE TABLE grants (
  subject_id uuid NOT NULL,
  grant_id uuid NOT NULL,
  -- Raised by each amendment: a use decided on older terms is not admitted on newer ones.
  version integer NOT NULL CHECK (version > 0),
  state text NOT NULL CHECK (state IN ('live', 'paused', 'withdrawn', 'revoked', 'ended')),
  plugin text NOT NULL,
  recipient text NOT NULL,
  item text NOT NULL,
  item_version integer NOT NULL,
  fields text[] NOT NULL CHECK (cardinality(fields) > 0),
  purpose text NOT NULL,
  -- NULL: a standing grant.
  case_id uuid,
  starts_at bigint NOT NULL,
  ends_at bigint NOT NULL CHECK (ends_at > starts_at AND ends_at - starts_at <= 31536000000),
  -- NULL: no budget.
  uses_left integer CHECK (uses_left >= 0),
  -- What was granted so far: the uses counted and uses_left, together. Only an audit reads it.
  uses_total bigint CHECK (uses_total >= uses_left),
  notice_id uuid NOT NULL,
  -- The sensitive categories that the subject consented to separately, for this recipient.
  categories text[] NOT NULL,
  approved_at bigint NOT NULL,
  changed_at bigint NOT NULL,
  -- The entries of the approval and of the newest act on the grant.
  approved_evidence_id uuid NOT NULL,
  evidence_id uuid NOT NULL,
  PRIMARY KEY (subject_id, grant_id),
  CHECK (num_nonnulls(uses_left, uses_total) IN (0, 2))
) WITH (fillfactor = 90);

-- What was shown, byte for byte, and what it offered. Used once.
CREATE TABLE notice (
  subject_id uuid NOT NULL,
  notice_id uuid NOT NULL,
  digest bytea NOT NULL CHECK (octet_length(digest) = 32),
  shown bytea NOT NULL,
  offers bytea NOT NULL,
  issued_at bigint NOT NULL,
  expires_at bigint NOT NULL CHECK (expires_at > issued_at),
  consumed_at bigint,
  grant_ids uuid[],
  -- SHA-256 of what it was approved with, so that only the same again is answered as a repetition.
  approval bytea CHECK (octet_length(approval) = 32),
  PRIMARY KEY (subject_id, notice_id),
  CHECK (num_nonnulls(consumed_at, grant_ids, approval) IN (0, 3))
);

-- One row for each use that was admitted, under a grant or by a duty of law; a second attempt is a redelivery. No foreign
-- key to grants: whoever inserts holds a lock on the grant's row, and the check would lock it again.
CREATE TABLE use (
  subject_id uuid NOT NULL,
  use_id uuid NOT NULL,
  grant_id uuid,
  duty_id uuid,
  evidence_id uuid NOT NULL,
  PRIMARY KEY (subject_id, use_id),
  CHECK (num_nonnulls(grant_id, duty_id) = 1)
);

-- What no code of a serving process, ours or injected, can do to a grant. Each name is what the error says.
CREATE FUNCTION grants_move() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  act boolean := (NEW.version, NEW.state) IS DISTINCT FROM (OLD.version, OLD.state);
  broken text;
BEGIN
  broken := CASE
    WHEN OLD.state IN ('withdrawn', 'revoked', 'ended') THEN 'grants_final'
    WHEN NEW.version NOT IN (OLD.version, OLD.version + 1) THEN 'grants_version'
    -- An amendment ends no pause and no grant.
    WHEN NEW.version > OLD.version AND NEW.state <> OLD.state THEN 'grants_amended_state'
    WHEN act = (NEW.evidence_id = OLD.evidence_id) OR (NOT act AND NEW.changed_at <> OLD.changed_at)
      THEN 'grants_evidence'
    WHEN NEW.version = OLD.version AND (NEW.item_version, NEW.fields, NEW.ends_at, NEW.notice_id, NEW.categories)
      IS DISTINCT FROM (OLD.item_version, OLD.fields, OLD.ends_at, OLD.notice_id, OLD.categories) THEN 'grants_terms'
    -- Uses only count down, and a budget is neither set nor lifted but by an amendment; that never lifts one.
    WHEN OLD.uses_left IS NOT NULL AND NEW.uses_left IS NULL THEN 'grants_budget'
    WHEN NEW.version = OLD.version AND NEW.uses_left IS DISTINCT FROM OLD.uses_left
      AND NOT coalesce(NEW.uses_left < OLD.uses_left, false) THEN 'grants_budget'
    -- More than before takes another notice, which is open until this transaction uses it up.
    WHEN NEW.notice_id = OLD.notice_id AND (NEW.item_version <> OLD.item_version OR NOT NEW.fields <@ OLD.fields
      OR NOT NEW.categories <@ OLD.categories OR NEW.ends_at > OLD.ends_at
      OR coalesce(NEW.uses_left > OLD.uses_left, false)) THEN 'grants_wider'
    WHEN NEW.notice_id <> OLD.notice_id AND NOT EXISTS (
      SELECT FROM public.notice n
      WHERE n.subject_id = NEW.subject_id AND n.notice_id = NEW.notice_id AND n.consumed_at IS NULL) THEN 'grants_notice'
    -- The total is not for a use to change, and how many were used not for an amendment.
    WHEN NEW.version = OLD.version AND NEW.uses_total IS DISTINCT FROM OLD.uses_total THEN 'grants_total'
    WHEN NEW.version > OLD.version AND NEW.uses_total - NEW.uses_left <> OLD.uses_total - OLD.uses_left
      THEN 'grants_total'
  END;
  IF broken IS NOT NULL THEN
    RAISE EXCEPTION 'a grant does not move like this' USING ERRCODE = 'check_violation', CONSTRAINT = broken;
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER grants_move BEFORE UPDATE ON grants FOR EACH ROW EXECUTE FUNCTION grants_move();

CREATE FUNCTION notice_used() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'a notice is used once' USING ERRCODE = 'check_violation', CONSTRAINT = 'notice_used';
END $$;
CREATE TRIGGER notice_used BEFORE UPDATE ON notice FOR EACH ROW WHEN (OLD.consumed_at IS NOT NULL)
  EXECUTE FUNCTION notice_used();

-- Whose grant it is, for whom, for what and for which case never changes; nothing is ever removed.
GRANT SELECT, INSERT ON grants, notice, use TO dspace_app;
GRANT UPDATE (version, state, item_version, fields, ends_at, uses_left, uses_total, notice_id, categories, changed_at,
  evidence_id) ON grants TO dspace_app;
GRANT UPDATE (consumed_at, grant_ids, approval) ON notice TO dspace_app;
