"""`python -m dspace_core.machine.root_keys`: what an operator runs once, to make the file that DSPACE_KEY_FILE names."""

import os
import sys

from dspace_core.errors import Refusal
from dspace_core.machine import keys
from dspace_core.machine.home import Home
from dspace_core.machine.settings import read


def main() -> int:
    """Make a new file of root keys, or say why not."""
    try:
        settings = read(os.environ)
        keys.make_root(settings, Home(settings))
    except Refusal as refusal:
        print(refusal, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
