-- 公积金: one account per person. Money is in fen.
CREATE TABLE exchange (one boolean PRIMARY KEY DEFAULT true CHECK (one), as_of timestamptz NOT NULL);

CREATE TABLE fund (
  citizen_id text PRIMARY KEY,
  account_no text NOT NULL,
  employer text NOT NULL,
  months integer NOT NULL CHECK (months >= 0),
  balance bigint NOT NULL CHECK (balance >= 0),
  status text NOT NULL CHECK (status IN ('active', 'sealed'))
);

CREATE VIEW fund_record AS SELECT citizen_id, account_no, employer, months, balance, status FROM fund;

GRANT SELECT ON exchange, fund_record TO dspace_src_provident_fund;
