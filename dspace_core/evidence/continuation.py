"""What an operator does when the database lies behind what was signed: freeze the log, and open one that says so."""

from dspace_core.evidence import tables
from dspace_core.evidence.heads import Heads
from dspace_core.evidence.keyring import Keyring
from dspace_core.evidence.ledger_refusals import HeadsLost, OriginTaken
from dspace_core.evidence.merkle import leaf_hash
from dspace_core.evidence.numbering import number, scope_of
from dspace_core.evidence.pending import SYSTEM
from dspace_core.evidence.record import Act, Actor, Draft, Event, What, Who
from dspace_core.stores import Pool, transaction
from dspace_core.values import EvidenceId, random_id, to_ms


async def continue_log(db: Pool, keyring: Keyring, heads: Heads, origin: str) -> EvidenceId:
    """Freeze the log in use and open the next under the name `origin`, whose entry 0 holds the last signed checkpoint
    of the one before. Answers the id of that entry; the next notary signs it.

    An explicit call, never made by the notary itself: what was signed past the restored database is lost, and whoever
    calls this says so to all. Refuses with `OriginTaken`, `HeadsLost`.
    """
    last = heads.last()
    if last is None:
        raise HeadsLost
    entry = EvidenceId(random_id())
    draft = Draft(
        who=Who(actor=Actor.SYSTEM),
        what=What(digest=last.digest.hex(), count=last.size),
        meta=Event(kind=Act.LOG_CONTINUED, entry=entry, act=random_id(), at=to_ms(keyring.clock())),
    )
    async with transaction(db) as connection:
        await tables.share_numbering(connection)
        years = await keyring.years({scope_of(draft)})
        if origin in heads.origins or await tables.origin_known(connection, origin):
            raise OriginTaken
        await tables.freeze(connection)
        log = max(await tables.next_log(connection), len(heads.origins))
        head = await tables.open_log(connection, log, origin, last.digest)
        if head is None:
            raise OriginTaken
        numbered = number([draft], 0, await tables.chain_ends(connection, {SYSTEM}), years)
        await tables.add_numbered(connection, log, numbered)
        await tables.advance(connection, head, head.frontier.append([leaf_hash(numbered[0].leaf)]).frontier)
    return entry
