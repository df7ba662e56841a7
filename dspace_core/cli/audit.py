"""`dspace audit`: one line for each invariant, in both languages, and the ids of the rows that break it."""

import asyncio
import os
from argparse import Namespace
from pathlib import Path

from dspace_core import machine
from dspace_core.audit import Finding, Receipts, Report, audit, read_receipts
from dspace_core.audit.refusals import ReceiptsUnreadable
from dspace_core.cli.databases import snapshot
from dspace_core.cli.words import because, say


def run(chosen: Namespace) -> int:
    """Audit the main database: 0 if nothing that was looked at is broken, else 1."""
    settings = machine.read(os.environ)
    receipts = None if chosen.receipts is None else _receipts(chosen.receipts)
    report = asyncio.run(_audit(settings, receipts))
    for finding in report.findings:
        for line in _lines(finding):
            say(line)
    return 0 if report.holds else 1


def _receipts(file: Path) -> Receipts:
    try:
        return read_receipts(file)
    except OSError as error:
        raise ReceiptsUnreadable(file=file, reason=because(error)) from None


async def _audit(settings: machine.Settings, receipts: Receipts | None) -> Report:
    async with snapshot(settings) as db:
        return await audit(db, receipts=receipts)


def _lines(finding: Finding) -> list[str]:
    says = f"{finding.invariant.says.zh} {finding.invariant.says.en}"
    name = finding.invariant.name
    if finding.unchecked is not None:
        return [f"未核查 not checked  {name:<10} {says}: {finding.unchecked.zh} {finding.unchecked.en}"]
    if not finding.broken:
        return [f"成立 holds          {name:<10} {finding.checked:>8}  {says}"]
    more = finding.broken - len(finding.rows)
    rest = [f"  另有 and {more} more"] if more else []
    told = f"违反 broken         {name:<10} {finding.broken:>8} / {finding.checked}  {says}"
    return [told, *(f"  {row}" for row in finding.rows), *rest]
