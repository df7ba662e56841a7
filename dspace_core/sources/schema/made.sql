-- In every made authority: which population it holds. Nothing about anybody; a source of the real world has no such table.
CREATE TABLE made (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  seed bigint NOT NULL,
  people integer NOT NULL CHECK (people > 0),
  today date NOT NULL
);
