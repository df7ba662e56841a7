"""`dspace`: one verb per line of the menu.

A verb's module is imported when it is chosen: who only verifies needs neither a database driver nor a home.
"""

import argparse
import logging
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from dspace_core.cli.words import explain
from dspace_core.errors import Refusal

_MODULES = {
    "up": "running",
    "status": "running",
    "down": "running",
    "verify": "verify",
    "log": "log",
    "audit": "audit",
    "demo": "demo",
}


def main(argv: list[str] | None = None) -> int:
    """Run one verb; answer its exit code: 0 done, 1 refused, 3 nothing runs, 2 not understood or not to be read."""
    menu = _menu()
    chosen = menu.parse_args(argv)
    if chosen.verb == "verify" and not chosen.files and chosen.log is None:
        menu.error("未指定核验对象 name a bundle, or a log with --log")
    logging.basicConfig(format="dspace: %(message)s", level=logging.INFO, stream=sys.stderr)
    try:
        run: Callable[[argparse.Namespace], int] = import_module(f"dspace_core.cli.{_MODULES[chosen.verb]}").run
        return run(chosen)
    except Refusal as refusal:
        explain(refusal)
        return 3 if refusal.code == "machine.not_running" else 1


def _menu() -> argparse.ArgumentParser:
    menu = argparse.ArgumentParser(prog="dspace", description="数字空间 Digital Space")
    verbs = menu.add_subparsers(dest="verb", required=True, metavar="VERB")
    up = verbs.add_parser("up", help="启动 start the databases and all processes, until Ctrl-C")
    up.add_argument("--with-parent", type=int, metavar="PID", help="end when this, its parent process, is gone")
    verbs.add_parser("status", help="查看 what runs, with process ids")
    verbs.add_parser("down", help="停止 end what runs")
    verify = verbs.add_parser("verify", help="核验 check bundles or an exported log, offline")
    verify.add_argument("files", nargs="*", type=Path, metavar="FILE", help="存证文件 bundles")
    verify.add_argument("--log", type=Path, metavar="DIR", help="导出的日志 an exported log")
    verify.add_argument(
        "--vkey",
        action="append",
        required=True,
        metavar="KEY",
        help="受信任的公钥 a key trusted here, NAME+ID+KEY; one or more; a witness whose key is given must have cosigned",
    )
    log = verbs.add_parser("log", help="日志 the evidence log").add_subparsers(dest="act", required=True, metavar="ACT")
    export = log.add_parser("export", help="导出 write it as static files (C2SP tlog-tiles)")
    export.add_argument("folder", type=Path, metavar="DIR", help="空目录 an empty folder, or a new one")
    export.add_argument(
        "--vkey", action="append", default=[], metavar="KEY", help="日志公钥 the log's key, where the home has none"
    )
    audit = verbs.add_parser("audit", help="核查 check the invariants of the main database")
    audit.add_argument(
        "--receipts", type=Path, metavar="FILE", help="放出与停止的回执 stamps of releases and stops, JSON lines"
    )
    demo = verbs.add_parser("demo", help="演示 what is only for development").add_subparsers(
        dest="act", required=True, metavar="ACT"
    )
    seed = demo.add_parser("seed", help="造数 fill the made authorities of the home that runs")
    seed.add_argument("--people", type=int, metavar="N", help="人数 how many (DSPACE_PEOPLE)")
    seed.add_argument("--seed", type=_seed, default=1, metavar="S", help="种子 the same seed makes the same people (1)")
    seed.add_argument("--again", action="store_true", help="清空后重来 empty the authorities first")
    return menu


def _seed(text: str) -> int:
    if not 0 <= int(text) < 2**63:
        raise ValueError
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
