"""The routes of /v1, in the order of the description."""

from dspace_backend.routes.cases import cases
from dspace_backend.routes.catalogue import catalogue
from dspace_backend.routes.corrections import corrections
from dspace_backend.routes.data import data
from dspace_backend.routes.decide import decide
from dspace_backend.routes.grants import grants
from dspace_backend.routes.notices import notices
from dspace_backend.routes.session import SESSION
from dspace_backend.routes.space import space
from dspace_backend.routes.staff import at_the_desk
from dspace_backend.routes.trail import trail
from dspace_backend.routing import Route

_ALL = (SESSION, space, catalogue, notices, cases, grants, trail, data, corrections, decide, at_the_desk)
ROUTES: tuple[Route, ...] = tuple(route for one in _ALL for route in one.named)
HANDLERS = [handler for one in _ALL for handler in one.handlers]
