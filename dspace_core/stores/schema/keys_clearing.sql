-- What clearing the files of the keys cluster needs beyond its tables, run by the superuser inside the keys database; safe
-- to run again. Embedded clusters run it at each start; for an external one the operator runs it once (docs/operations.md).
-- The least that will do: end the WAL file in use, flush so that older ones are removed, and see by name that they are.
GRANT EXECUTE ON FUNCTION pg_switch_wal() TO dspace_notary;
GRANT EXECUTE ON FUNCTION pg_ls_waldir() TO dspace_notary;
GRANT pg_checkpoint TO dspace_notary;
