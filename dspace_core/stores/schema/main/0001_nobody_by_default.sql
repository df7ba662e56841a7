-- Default deny: a role sees what a later migration names, nothing else.
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO dspace_app, dspace_notary;
