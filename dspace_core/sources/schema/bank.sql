-- 银行: accounts. The view shows the account of the social security card that is not closed: at most one per person.
CREATE TABLE exchange (one boolean PRIMARY KEY DEFAULT true CHECK (one), as_of timestamptz NOT NULL);

CREATE TABLE account (
  account_no text PRIMARY KEY,
  citizen_id text NOT NULL,
  holder_name text NOT NULL,
  bank_name text NOT NULL,
  social_security boolean NOT NULL,
  status text NOT NULL CHECK (status IN ('active', 'dormant', 'closed'))
);
CREATE UNIQUE INDEX ON account (citizen_id) WHERE social_security AND status <> 'closed';

CREATE VIEW account_record AS
  SELECT citizen_id, account_no, holder_name, bank_name, status FROM account
  WHERE social_security AND status <> 'closed';

GRANT SELECT ON exchange, account_record TO dspace_src_bank;
