-- Default deny: a role sees what a migration names, nothing else.
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO dspace_app, dspace_notary;
-- Which version the database has, so that a process can refuse one that it does not know.
GRANT SELECT ON schema_migration TO dspace_app, dspace_notary;
