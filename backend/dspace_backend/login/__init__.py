"""Logging in: the unified identity says who somebody is (OpenID Connect), we say what his device may do (OAuth 2.1, DPoP).

No registration of persons and no password of our own. The state of a login lives in the ephemeral store and is used once;
sessions live in PostgreSQL.
"""
