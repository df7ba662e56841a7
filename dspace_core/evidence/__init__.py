"""Evidence (存证): what happened is recorded, sealed, committed to a public log, and can be proved without asking us.

From below: the tree (`merkle`, `proof`), its files (`levels`, `tiles`), what is signed (`note`, `checkpoint`), what is
recorded (`record`, `leaf`, `entry`), and what is shown to a stranger (`bundle`, `verify`).
"""

from dspace_core.evidence.bundle import make_bundle
from dspace_core.evidence.canonical import canonical
from dspace_core.evidence.checkpoint import (
    Checkpoint,
    Cosignature,
    cosign,
    cosignatures,
    log_vkey,
    sign_checkpoint,
    signing_vkey,
    verify_checkpoint,
    witness_vkey,
)
from dspace_core.evidence.entry import Entry, compose, open_entry
from dspace_core.evidence.leaf import LEAF_BYTES, Leaf, unpack
from dspace_core.evidence.levels import LevelReader, LevelWriter
from dspace_core.evidence.merkle import (
    Frontier,
    Growth,
    leaf_hash,
    node_hash,
    root_hash,
    verify_consistency,
    verify_inclusion,
)
from dspace_core.evidence.note import Note, SignatureKind, VKey, open_note
from dspace_core.evidence.proof import HashReader, consistency_proof, frontier_at, inclusion_proof
from dspace_core.evidence.record import (
    GROUPS,
    Act,
    Actor,
    Draft,
    Event,
    Meta,
    Next,
    Record,
    What,
    Who,
    Why,
    decode,
    encode,
)
from dspace_core.evidence.refusals import ProofError
from dspace_core.evidence.tiles import LogReader, Tile, export, tiles_of
from dspace_core.evidence.verify import Verified, verify_bundle, verify_log

__all__ = (
    "GROUPS",
    "LEAF_BYTES",
    "Act",
    "Actor",
    "Checkpoint",
    "Cosignature",
    "Draft",
    "Entry",
    "Event",
    "Frontier",
    "Growth",
    "HashReader",
    "Leaf",
    "LevelReader",
    "LevelWriter",
    "LogReader",
    "Meta",
    "Next",
    "Note",
    "ProofError",
    "Record",
    "SignatureKind",
    "Tile",
    "VKey",
    "Verified",
    "What",
    "Who",
    "Why",
    "canonical",
    "compose",
    "consistency_proof",
    "cosign",
    "cosignatures",
    "decode",
    "encode",
    "export",
    "frontier_at",
    "inclusion_proof",
    "leaf_hash",
    "log_vkey",
    "make_bundle",
    "node_hash",
    "open_entry",
    "open_note",
    "root_hash",
    "sign_checkpoint",
    "signing_vkey",
    "tiles_of",
    "unpack",
    "verify_bundle",
    "verify_checkpoint",
    "verify_consistency",
    "verify_inclusion",
    "verify_log",
    "witness_vkey",
)
