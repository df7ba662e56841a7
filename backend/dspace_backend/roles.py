"""Which role of an authority's staff may do what: one table, by the name of the route. What is not in it is refused.

Whose rows a member of staff reaches is settled elsewhere, by his authority in each query (design 7).
"""

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType

from dspace_backend.principal import staff
from dspace_backend.refusals import RoleMissing


class Role(Enum):
    """A role at an authority, as the identity provider states it. Roles of other names may do nothing here."""

    CLERK = "clerk"
    """经办: looks at what waits, and asks for what is missing."""
    REVIEWER = "reviewer"
    """审核: decides and answers, too."""


_BOTH = frozenset(Role)
_REVIEWER = frozenset({Role.REVIEWER})
ROLES: Mapping[str, frozenset[Role]] = MappingProxyType(
    {
        "list_referred": _BOTH,
        "look_at_referred": _BOTH,
        "ask_for_supplement": _BOTH,
        "decide_referred": _REVIEWER,
        "list_asked": _BOTH,
        "look_at_asked": _BOTH,
        "answer_asked": _REVIEWER,
    }
)


def admit(auth: object, route: str) -> None:
    """Let a member of staff through to a route. Raises StaffOnly, RoleMissing."""
    roles = staff(auth).roles
    if not any(role.value in roles for role in ROLES.get(route, ())):
        raise RoleMissing
