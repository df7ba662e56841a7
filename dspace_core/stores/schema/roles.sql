-- Roles of one cluster, run by its superuser; safe to run again. Passwords are set apart from it.
-- Embedded clusters run it at each start; for an external one the operator runs it once (docs/operations.md).
DO $$
DECLARE role text;
BEGIN
  FOREACH role IN ARRAY ARRAY['dspace_migrate', 'dspace_app', 'dspace_notary'] LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) THEN
      EXECUTE format('CREATE ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION', role);
    END IF;
  END LOOP;
END $$;
-- A session that forgets its transaction would hold locks that withdrawals wait for.
ALTER ROLE dspace_app SET idle_in_transaction_session_timeout = '500ms';
ALTER ROLE dspace_notary SET idle_in_transaction_session_timeout = '500ms';
