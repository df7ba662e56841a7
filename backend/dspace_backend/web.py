"""One `web` process: `python -m dspace_backend.web`. It opens its own socket; the kernel spreads the connections."""

import logging
import os
import sys

from dspace_backend.app import create_app
from dspace_backend.login.places import LoginPlaces
from dspace_backend.serving import serve
from dspace_core.errors import Refusal
from dspace_core.machine import read
from dspace_core.machine.home import Home
from dspace_core.machine.line import Line


def main(argv: list[str]) -> int:
    """Serve until asked to end."""
    line = Line.of(argv)
    logging.basicConfig(format="dspace web: %(message)s", level=logging.WARNING)
    settings = read(os.environ)
    app = create_app(settings)
    line.wait_for_go()
    try:  # what the operator left out is said before anything is opened
        LoginPlaces.of(settings)
        Home(settings).secret("idp", make=False)
    except Refusal as refusal:
        print(refusal, file=sys.stderr)
        return 1
    return serve(app, settings.port, line)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
