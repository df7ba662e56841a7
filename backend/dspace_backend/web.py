"""One `web` process: `python -m dspace_backend.web`. It opens its own socket; the kernel spreads the connections."""

import logging
import os
import sys

from dspace_backend.app import create_app
from dspace_backend.serving import serve
from dspace_core.machine import read
from dspace_core.machine.line import Line


def main(argv: list[str]) -> int:
    """Serve until asked to end."""
    line = Line.of(argv)
    logging.basicConfig(format="dspace web: %(message)s", level=logging.WARNING)
    settings = read(os.environ)
    app = create_app(settings)
    line.wait_for_go()
    return serve(app, settings.port, line)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
