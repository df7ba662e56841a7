"""The work of the resident `notary`: what was erased stays erased, and what was recorded is numbered and signed."""

from datetime import UTC, datetime

from dspace_core.evidence import tables
from dspace_core.evidence.erasure import Eraser
from dspace_core.evidence.heads import Heads
from dspace_core.evidence.keyring import Keyring
from dspace_core.evidence.ledger_refusals import KeysKept
from dspace_core.evidence.notary import Notary
from dspace_core.machine import keys
from dspace_core.machine.places import Places, open_apart
from dspace_core.machine.post import Post, ended_within, tell, together
from dspace_core.machine.refusals import LogOriginDiffers

_SETTLE_SECONDS = 60.0


async def keep_log(post: Post) -> None:
    """Until asked to end: (1) the keys of every erasure in the file are destroyed again  (2) the log is opened under a new
    term  (3) what waits is numbered and signed, and each minute day keys are settled.

    Ready is said after (2): `dspace up` lets nobody else into the databases before. Raises what `Places.of`, `open_apart`,
    `keys`, `Eraser.replay` and `Notary` refuse with, and LogOriginDiffers.
    """
    places = Places.of(post.settings, post.home)
    open_apart(post.settings, post.home)
    keys.make_root_of_development(post.settings, post.home)
    keyring = Keyring(post.keys, keys.provider(post.settings, post.home), _now)
    await _erase_again(post, keyring, places)  # 1
    notary = await _opened(post, keyring, places)  # 2
    try:
        post.ready()
        await together(notary.run(post.asked), _settle_days(post, keyring))  # 3
    finally:
        notary.close()


async def _erase_again(post: Post, keyring: Keyring, places: Places) -> None:
    """A key that may still stand in a file is out of use all the same: that is said, and stops nobody."""
    try:
        await Eraser(post.main, keyring, places.erasures, places.backups).replay()
    except KeysKept as kept:
        tell(kept)


async def _opened(post: Post, keyring: Keyring, places: Places) -> Notary:
    heads = Heads(places.heads)
    in_use, last = await tables.origin_in_use(post.main), heads.last()
    # Where the name is that of the last head, and the log in use is an older one, the database is behind: opening says so.
    behind = last is not None and last.origin == places.origin and in_use in heads.origins
    if in_use is not None and in_use != places.origin and not behind:
        raise LogOriginDiffers(origin=in_use)
    signer = keys.checkpoint_signer(post.home, heads, places.origin)
    return await Notary.open(post.main, keyring, heads=heads, folder=places.levels, signer=signer, origin=places.origin)


async def _settle_days(post: Post, keyring: Keyring) -> None:
    while not await ended_within(post.asked, _SETTLE_SECONDS):
        await keyring.settle_days(await tables.days_waiting(post.main))


def _now() -> datetime:
    return datetime.now(UTC)
