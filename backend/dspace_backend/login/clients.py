"""The apps that may ask for tokens, by configuration: the phone of persons, and the desk of staff. Both are public
clients (RFC 6749 section 2.1): what makes a call theirs is the key of the device."""

from enum import Enum

import msgspec

from dspace_backend.login.refusals import ClientUnknown


class Audience(Enum):
    """Whose sessions an app begins."""

    PERSON = "person"
    STAFF = "staff"


class Client(msgspec.Struct, frozen=True):
    """A registered app."""

    id: str
    audience: Audience
    redirects: frozenset[str]


class Clients:
    """The registered apps, by id."""

    def __init__(self, phone: tuple[str, ...], desk: tuple[str, ...]) -> None:
        self._known = {
            client.id: client
            for client in (
                Client("phone", Audience.PERSON, frozenset(phone)),
                Client("desk", Audience.STAFF, frozenset(desk)),
            )
        }

    def find(self, client_id: str) -> Client:
        """The app of this id. Raises ClientUnknown."""
        found = self._known.get(client_id)
        if found is None:
            raise ClientUnknown
        return found
