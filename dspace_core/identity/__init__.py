"""Identity (身份): a document leads to a random subject id, and nothing but the gate leads back.

Whoever holds the database can neither try out numbers (the lookup is keyed) nor read them (each is sealed under a key
of its subject in the other cluster). The way back is `identity.unsealing`, which only the gate imports.
"""

from dspace_core.identity.book import IdentityBook

__all__ = ("IdentityBook",)
