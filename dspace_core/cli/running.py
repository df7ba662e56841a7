"""`dspace up`, `dspace status`, `dspace down`."""

import os
from argparse import Namespace

from dspace_core import machine
from dspace_core.cli.words import say


def run(chosen: Namespace) -> int:
    """Start everything, show it or end it."""
    settings = machine.read(os.environ)
    match chosen.verb:
        case "up":
            return machine.up(settings, with_parent=chosen.with_parent)
        case "status":
            return _status(settings)
        case _:
            say(f"ended {machine.down(settings)}")
            return 0


def _status(settings: machine.Settings) -> int:
    state = machine.status(settings)
    say(f"running  {state.pid}  {state.url}")
    for name, pid in {**state.servers, **state.residents}.items():
        say(f"{name:<8} {pid}")
    return 0
