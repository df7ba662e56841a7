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
  notice_id uuid NOT NULL,
  -- The sensitive categories that the subject consented to separately, for this recipient.
  categories text[] NOT NULL,
  approved_at bigint NOT NULL,
  changed_at bigint NOT NULL,
  -- The entries of the approval and of the newest act on the grant.
  approved_evidence_id uuid NOT NULL,
  evidence_id uuid NOT NULL,
  PRIMARY KEY (subject_id, grant_id)
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
  PRIMARY KEY (subject_id, notice_id),
  CHECK (num_nonnulls(consumed_at, grant_ids) IN (0, 2))
);

-- One row for each use that was admitted; a second attempt is a redelivery. No foreign key to grants: whoever inserts
-- holds a lock on the grant's row, and the check would lock it again.
CREATE TABLE use (
  subject_id uuid NOT NULL,
  use_id uuid NOT NULL,
  grant_id uuid NOT NULL,
  evidence_id uuid NOT NULL,
  PRIMARY KEY (subject_id, use_id)
);

-- Whose grant it is, for whom, for what and for which case never changes; nothing is ever removed.
GRANT SELECT, INSERT ON grants, notice, use TO dspace_app;
GRANT UPDATE (version, state, item_version, fields, ends_at, uses_left, notice_id, categories, changed_at, evidence_id)
  ON grants TO dspace_app;
GRANT UPDATE (consumed_at, grant_ids) ON notice TO dspace_app;
