"""The resident process `devidp`: `python -m dspace_backend.devidp`, on the port after ours, in development only."""

import logging
import os
import sys
from datetime import UTC, datetime

from dspace_backend.devidp.people import People
from dspace_backend.devidp.refusals import DevelopmentOnly
from dspace_backend.devidp.server import DevelopmentProvider, create_provider
from dspace_backend.serving import serve
from dspace_core.errors import Refusal
from dspace_core.machine import Mode, authorities, read
from dspace_core.machine.addresses import Address
from dspace_core.machine.home import Home
from dspace_core.machine.line import Line
from dspace_core.machine.settings import Settings


def main(argv: list[str]) -> int:
    """Serve until asked to end."""
    line = Line.of(argv)
    logging.basicConfig(format="dspace devidp: %(message)s", level=logging.WARNING)
    settings = read(os.environ)
    try:
        if settings.mode is not Mode.DEVELOPMENT:  # before anything is waited for or opened
            raise DevelopmentOnly
        line.wait_for_go()
        app = create_provider(_provider(settings, Home(settings)))
    except Refusal as refusal:
        print(refusal, file=sys.stderr)
        return 1
    return serve(app, settings.port + 1, line)


def _provider(settings: Settings, home: Home) -> DevelopmentProvider:
    def place() -> Address:
        """Where the police answers: asked again and again, since it is made after everything else is ready."""
        return authorities.address(home, "public_security")

    return DevelopmentProvider(settings, home.secret("idp", make=False), People(place), lambda: datetime.now(UTC))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
