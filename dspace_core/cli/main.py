"""`dspace`: one verb per line of the menu."""

import argparse
import logging
import os
import sys
from contextlib import suppress

from dspace_core import machine
from dspace_core.errors import Refusal


def main(argv: list[str] | None = None) -> int:
    """Run one verb; answer its exit code: 0 done, 1 refused, 3 nothing runs, 2 not understood."""
    menu = argparse.ArgumentParser(prog="dspace", description="数字空间 Digital Space")
    verbs = menu.add_subparsers(dest="verb", required=True, metavar="VERB")
    up = verbs.add_parser("up", help="启动 start the databases and all processes, until Ctrl-C")
    up.add_argument("--with-parent", type=int, metavar="PID", help="end when this, its parent process, is gone")
    verbs.add_parser("status", help="查看 what runs, with process ids")
    verbs.add_parser("down", help="停止 end what runs")
    chosen = menu.parse_args(argv)
    logging.basicConfig(format="dspace: %(message)s", level=logging.INFO, stream=sys.stderr)
    try:
        settings = machine.read(os.environ)
        match chosen.verb:
            case "up":
                return machine.up(settings, with_parent=chosen.with_parent)
            case "status":
                return _status(settings)
            case _:
                _say(f"ended {machine.down(settings)}")
                return 0
    except Refusal as refusal:
        machine.explain(refusal)
        return 3 if refusal.code == "machine.not_running" else 1


def _status(settings: machine.Settings) -> int:
    state = machine.status(settings)
    _say(f"running  {state.pid}  {state.url}")
    for name, pid in {**state.servers, **state.residents}.items():
        _say(f"{name:<8} {pid}")
    return 0


def _say(line: str) -> None:
    with suppress(OSError):
        print(line, flush=True)
