"""The keys of this deployment: the root keys, which every process loads here, and the checkpoint key of the notary."""

import base64
import binascii

from dspace_core.crypto import Ed25519Signer, FileKeyProvider, Secret, Signer
from dspace_core.crypto.refusals import KeyMalformed
from dspace_core.evidence import ProofError, log_vkey, verify_checkpoint
from dspace_core.evidence.heads import Heads
from dspace_core.machine.home import Home
from dspace_core.machine.places import Places
from dspace_core.machine.refusals import CheckpointKeyLost, SecretMissing
from dspace_core.machine.settings import Mode, Settings

_CHECKPOINT = "checkpoint"


def provider(settings: Settings, home: Home) -> FileKeyProvider:
    """The root keys. Raises SettingMissing, InsideHome, and what `crypto.KeyFile…` says of the file."""
    production = settings.mode is Mode.PRODUCTION
    return FileKeyProvider.load(Places.of(settings, home).key_file, home=home.path, production=production)


def make_root(settings: Settings, home: Home) -> None:
    """Make a new file of root keys. Raises KeyFileExists, and what `provider` raises of the place."""
    production = settings.mode is Mode.PRODUCTION
    FileKeyProvider.create(Places.of(settings, home).key_file, home=home.path, production=production)


def make_root_of_development(settings: Settings, home: Home) -> None:
    """Make the root keys at the first start where their place was not given: only development leaves it open."""
    if settings.key_file is None and not Places.of(settings, home).key_file.exists():
        make_root(settings, home)


def checkpoint_signer(home: Home, heads: Heads, origin: str) -> Signer:
    """The key that signs the log of that name. Only the notary asks for it.

    It is made while the log was never signed, and has to be the one that signed it from then on: else
    CheckpointKeyLost.
    """
    signed = heads.of(origin)
    lost = CheckpointKeyLost(path=home.secrets / _CHECKPOINT)
    try:
        said = home.secret(_CHECKPOINT, make=signed is None)
        signer = Ed25519Signer(Secret(base64.urlsafe_b64decode(f"{said}=")))
        if signed is not None:
            verify_checkpoint(signed.note, [log_vkey(origin, signer.public)])
    except (SecretMissing, KeyMalformed, binascii.Error, ProofError):
        raise lost from None
    return signer
