"""`dspace log export DIR`: the log of this home as static files, for whoever wants to check it or serve it."""

import asyncio
import os
from argparse import Namespace

from dspace_core import machine
from dspace_core.cli.databases import snapshot
from dspace_core.cli.words import because, say
from dspace_core.evidence import Checkpoint
from dspace_core.evidence.exports import export_files, export_leaves, newest_log
from dspace_core.evidence.refusals import ExportFailed
from dspace_core.evidence.tiles import VKEY
from dspace_core.machine.home import Home


def run(chosen: Namespace) -> int:
    """Export from the notary's files if the home has them, else from its database."""
    settings = machine.read(os.environ)
    log = newest_log(Home(settings).evidence)
    try:
        if log is None:
            checkpoint = asyncio.run(_from_database(settings, chosen))
        else:
            checkpoint = export_files(log, chosen.vkey, chosen.folder)
        vkey = (chosen.folder / VKEY).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ExportFailed(folder=chosen.folder, reason=because(error)) from None
    say(f"已导出 exported {checkpoint.size}  {checkpoint.origin}")
    say(f"公钥 vkey  {vkey}")
    return 0


async def _from_database(settings: machine.Settings, chosen: Namespace) -> Checkpoint:
    async with snapshot(settings) as db:
        return await export_leaves(db, chosen.vkey, chosen.folder)
