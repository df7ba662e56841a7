-- The catalogue: what was imported, proposed and approved, and in which order it came to hold. Rows are only added.
-- Serving processes read; importing, registering and approving is the operator's, with the role that migrates.

CREATE TABLE catalog_publisher (
  id text PRIMARY KEY,
  public_key bytea NOT NULL UNIQUE CHECK (octet_length(public_key) = 32),
  registered_at bigint NOT NULL,
  ended_at bigint CHECK (ended_at >= registered_at)
);

CREATE TABLE catalog_document (
  digest bytea PRIMARY KEY CHECK (octet_length(digest) = 32),
  version integer NOT NULL UNIQUE CHECK (version > 0),
  publisher text NOT NULL REFERENCES catalog_publisher,
  content bytea NOT NULL,
  signature bytea NOT NULL CHECK (octet_length(signature) = 64),
  imported_at bigint NOT NULL
);

CREATE TABLE catalog_proposal (
  digest bytea PRIMARY KEY CHECK (octet_length(digest) = 32),
  plugin text NOT NULL,
  proposer text NOT NULL CHECK (proposer <> ''),
  content bytea NOT NULL,
  proposed_at bigint NOT NULL,
  UNIQUE (digest, proposer)
);

-- An edition is opened by a document, or by a proposal that somebody other than its proposer approved.
CREATE TABLE catalog_edition (
  number integer PRIMARY KEY CHECK (number > 0),
  effective date NOT NULL,
  opened_at bigint NOT NULL,
  document bytea UNIQUE REFERENCES catalog_document,
  proposal bytea UNIQUE,
  proposer text,
  approver text CHECK (approver <> '' AND approver <> proposer),
  FOREIGN KEY (proposal, proposer) REFERENCES catalog_proposal (digest, proposer),
  CHECK (num_nonnulls(document, proposal) = 1),
  CHECK (num_nonnulls(proposal, proposer, approver) IN (0, 3))
);

GRANT SELECT ON catalog_publisher, catalog_document, catalog_proposal, catalog_edition TO dspace_app;
