-- Who may release: one row for each process that runs the gate. Here, and only here, the clock is the database's.
CREATE TABLE lease (
  process uuid PRIMARY KEY,
  until timestamptz NOT NULL,
  -- Set by whoever stops a grant and hears nothing: the lease then runs out and cannot be renewed.
  revoked boolean NOT NULL DEFAULT false
) WITH (fillfactor = 50);

-- Stops that a process has not acknowledged. Written with the change of the basis; the process removes its row when
-- nothing under the basis is on its way any more.
CREATE TABLE stopping (
  subject_id uuid NOT NULL,
  basis_id uuid NOT NULL,
  process uuid NOT NULL,
  number bigint GENERATED ALWAYS AS IDENTITY,
  PRIMARY KEY (subject_id, basis_id, process, number)
);
CREATE INDEX stopping_process ON stopping (process);

-- Duties of law (依职能用数): proposed by one, approved by two others. Rows are added, approved and ended, never changed.
CREATE TABLE duty (
  duty_id uuid PRIMARY KEY,
  authority text NOT NULL,
  law text NOT NULL CHECK (law <> ''),
  items text[] NOT NULL CHECK (cardinality(items) > 0),
  fields text[] NOT NULL CHECK (cardinality(fields) > 0),
  purpose text NOT NULL,
  starts_on date NOT NULL,
  ends_on date NOT NULL CHECK (ends_on > starts_on),
  proposer text NOT NULL CHECK (proposer <> ''),
  proposed_at bigint NOT NULL,
  first_approver text CHECK (first_approver <> '' AND first_approver <> proposer),
  second_approver text CHECK (second_approver <> '' AND second_approver <> proposer AND second_approver <> first_approver),
  approved_at bigint,
  ended_at bigint,
  CHECK (second_approver IS NULL OR first_approver IS NOT NULL),
  CHECK ((approved_at IS NULL) = (second_approver IS NULL))
);

GRANT SELECT, INSERT, UPDATE, DELETE ON lease TO dspace_app;
GRANT SELECT, INSERT, DELETE ON stopping TO dspace_app;
-- Proposing, approving and ending duties is the operator's, with the role that migrates.
GRANT SELECT ON duty TO dspace_app;
