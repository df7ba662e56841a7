-- Evidence: an entry is in exactly one of evidence_pending and evidence at any moment.
CREATE TABLE evidence_pending (
  evidence_id uuid PRIMARY KEY,
  subject_id uuid NOT NULL,
  day date NOT NULL,
  sealed bytea NOT NULL,
  inserted_at timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000, autovacuum_analyze_threshold = 10000);
CREATE INDEX evidence_pending_age ON evidence_pending (inserted_at, evidence_id);
CREATE INDEX evidence_pending_subject ON evidence_pending (subject_id, inserted_at, evidence_id);

-- One row for each origin that ever was; all but one are frozen.
CREATE TABLE log_head (
  log smallint PRIMARY KEY,
  origin text NOT NULL UNIQUE,
  size bigint NOT NULL CHECK (size >= 0),
  frontier bytea NOT NULL,
  -- Whoever numbers holds the newest term; taking a new one fences all older holders.
  term bigint NOT NULL,
  frozen boolean NOT NULL DEFAULT false,
  -- SHA-256 of the last signed checkpoint of the origin before, which entry 0 holds.
  continues bytea CHECK (octet_length(continues) = 32),
  signed_size bigint NOT NULL DEFAULT 0 CHECK (signed_size <= size),
  note bytea
) WITH (fillfactor = 50);
CREATE UNIQUE INDEX log_head_active ON log_head (frozen) WHERE NOT frozen;

CREATE TABLE leaf (
  log smallint NOT NULL,
  position bigint NOT NULL CHECK (position >= 0),
  -- One act, one entry, whoever's. The promise stands here and not in evidence, which is parted by subject some day.
  evidence_id uuid NOT NULL UNIQUE,
  leaf bytea NOT NULL CHECK (octet_length(leaf) = 90),
  PRIMARY KEY (log, position)
);
-- An id that is numbered does not wait again: refused to whoever writes it, it cannot stop the notary for all others.
-- The statement inside sees what was committed before it began, and whoever inserts an id waits for the notary that
-- is just taking it away; under another isolation it would look at an older state.
CREATE FUNCTION refuse_numbered() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION 'evidence is recorded in read committed' USING ERRCODE = 'invalid_transaction_state';
  END IF;
  IF EXISTS (SELECT FROM fresh JOIN leaf USING (evidence_id)) THEN
    RAISE EXCEPTION 'numbered already' USING ERRCODE = 'unique_violation', CONSTRAINT = 'leaf_evidence_id_key';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER refuse_numbered AFTER INSERT ON evidence_pending
  REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION refuse_numbered();

CREATE TABLE evidence (
  subject_id uuid NOT NULL,
  seq bigint NOT NULL CHECK (seq >= 0),
  evidence_id uuid NOT NULL,
  log smallint NOT NULL,
  position bigint NOT NULL,
  -- Which key of the subject opens it.
  year smallint NOT NULL,
  generation bigint NOT NULL,
  sealed bytea NOT NULL,
  PRIMARY KEY (subject_id, seq),
  UNIQUE (subject_id, evidence_id)
);

-- The request path adds what waits and reads what stands. It can neither change nor remove any of it.
GRANT SELECT, INSERT ON evidence_pending TO dspace_app;
GRANT SELECT ON evidence, leaf, log_head TO dspace_app;
-- The notary moves, and never changes what it has moved. Passing over what another has locked asks for some UPDATE.
GRANT UPDATE (day) ON evidence_pending TO dspace_notary;
GRANT SELECT, INSERT, DELETE ON evidence_pending TO dspace_notary;
GRANT SELECT, INSERT ON evidence, leaf TO dspace_notary;
GRANT SELECT, INSERT, UPDATE ON log_head TO dspace_notary;
