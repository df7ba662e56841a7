"""`python -m dspace_backend.rotate [--at-once]`: a new signing key for access tokens, now instead of in its turn."""

import argparse
import os
import sys
from datetime import UTC, datetime

from dspace_backend.tokens import SigningKeys
from dspace_core.errors import Refusal
from dspace_core.machine import Mode, read
from dspace_core.machine.home import Home


def main(argv: list[str]) -> int:
    """Make the key and print its id."""
    menu = argparse.ArgumentParser(prog="python -m dspace_backend.rotate", description=__doc__)
    menu.add_argument(
        "--at-once",
        action="store_true",
        help="旧密钥可能泄露时使用 the old keys may be known to others: remove them and every token they signed",
    )
    chosen = menu.parse_args(argv)
    try:
        settings = read(os.environ)
        folder = Home(settings).secrets / "tokens"
        keys = SigningKeys.open(folder, development=settings.mode is Mode.DEVELOPMENT, clock=lambda: datetime.now(UTC))
        print(keys.rotate(at_once=chosen.at_once))
    except Refusal as refusal:
        print(refusal, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
