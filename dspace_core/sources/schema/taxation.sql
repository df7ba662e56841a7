-- 税务: the income tax of people for the last year, and the grades of companies. Money is in fen.
CREATE TABLE exchange (one boolean PRIMARY KEY DEFAULT true CHECK (one), as_of timestamptz NOT NULL);

CREATE TABLE income (
  citizen_id text PRIMARY KEY,
  year integer NOT NULL,
  income bigint NOT NULL CHECK (income >= 0),
  paid bigint NOT NULL CHECK (paid BETWEEN 0 AND income)
);

CREATE TABLE company_tax (
  uscc text PRIMARY KEY,
  grade text NOT NULL CHECK (grade IN ('A', 'B', 'M', 'C', 'D')),
  arrears boolean NOT NULL,
  insured_months integer NOT NULL CHECK (insured_months >= 0)
);

CREATE VIEW tax_record AS SELECT citizen_id, year, income, paid FROM income;
CREATE VIEW company_tax_record AS SELECT uscc, grade, arrears, insured_months FROM company_tax;

GRANT SELECT ON exchange, tax_record, company_tax_record TO dspace_src_taxation;
