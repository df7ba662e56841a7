"""`dspace verify`: bundles and an exported log, checked with nothing but the files and the keys that are trusted.

No server, no home and no setting is read, and nobody is asked.
"""

from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec

from dspace_core.cli.words import because, explain, say
from dspace_core.evidence import (
    GROUPS,
    Checkpoint,
    ProofError,
    SignatureKind,
    VKey,
    cosignatures,
    verify_bundle,
    verify_log,
)
from dspace_core.evidence.bundle import BUNDLE_BYTES
from dspace_core.evidence.record import encode
from dspace_core.evidence.refusals import CosignatureMissing, EvidenceUnreadable
from dspace_core.evidence.tiles import CHECKPOINT
from dspace_core.evidence.verify import CHECKS

_HOLDS, _FAILS, _UNREAD = 0, 1, 2
_Check = Callable[[Path, Sequence[VKey]], Iterator[str]]


def run(chosen: Namespace) -> int:
    """Verify each in turn: 0 if all hold; 1 if one does not; else 2 if one could not be read."""
    vkeys = [VKey.parse(text) for text in chosen.vkey]
    done = [_told(_bundle, file, vkeys) for file in chosen.files]
    if chosen.log is not None:
        done.append(_told(_log, chosen.log, vkeys))
    return _FAILS if _FAILS in done else max(done)


def _told(check: _Check, place: Path, vkeys: Sequence[VKey]) -> int:
    """Make one check and say what came of it."""
    try:
        lines = list(check(place, vkeys))
    except ProofError as refusal:
        say(f"不成立 does not hold  {place}")
        explain(refusal)
        return _FAILS
    except OSError as error:
        say(f"未核验 not checked  {place}")
        explain(EvidenceUnreadable(file=place, reason=because(error)))
        return _UNREAD
    say(f"成立 holds  {place}")
    for line in lines:
        say(f"  {line}")
    return _HOLDS


def _bundle(file: Path, vkeys: Sequence[VKey]) -> Iterator[str]:
    with file.open("rb") as opened:
        held = opened.read(BUNDLE_BYTES + 1)
    verified = verify_bundle(held, vkeys)
    yield f"{len(CHECKS)} 项核验全部通过 all {len(CHECKS)} checks passed"
    yield f"日志 log: {_named(verified.checkpoint)}; 第 {verified.index} 条 entry {verified.index}"
    yield f"时间 at: {verified.leaf.at.isoformat(timespec='milliseconds')}"
    yield from _witnesses(msgspec.json.decode(held)["checkpoint"], vkeys)
    for name in GROUPS:
        group = getattr(verified, name)
        yield f"{name}: {'未出示 withheld' if group is None else encode(group).decode()}"


def _log(folder: Path, vkeys: Sequence[VKey]) -> Iterator[str]:
    list(folder.iterdir())  # what is no folder is not a log that fails
    checkpoint = verify_log(folder, vkeys)
    yield "检查点的签名、每条、每块与根均相符 the checkpoint's signature, every entry, every tile and the root agree"
    yield f"日志 log: {_named(checkpoint)}"
    yield from _witnesses((folder / CHECKPOINT).read_bytes(), vkeys)


def _named(checkpoint: Checkpoint) -> str:
    return f"{checkpoint.origin}, 共 {checkpoint.size} 条 {checkpoint.size} entries, {checkpoint.root.hex()}"


def _witnesses(note: bytes | str, vkeys: Sequence[VKey]) -> Iterator[str]:
    """When each witness saw the checkpoint. Who names a witness's key asks for its line (`CosignatureMissing`)."""
    seen = {cosignature.witness: cosignature.at for cosignature in cosignatures(note, vkeys)}
    for vkey in vkeys:
        if vkey.kind is SignatureKind.COSIGNATURE:
            if vkey.name not in seen:
                raise CosignatureMissing(witness=vkey.name)
            yield f"见证 witness: {vkey.name}, {seen[vkey.name].isoformat()}"
