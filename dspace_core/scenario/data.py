"""How a plugin asks for data: a typed handle per item, and the one object through which it asks."""

from collections.abc import Awaitable, Callable
from functools import cache
from typing import Any, Generic, TypeVar

import msgspec

from dspace_core.scenario.outcome import Fact
from dspace_core.scenario.refusals import AnswerUnfit, ItemInvalid
from dspace_core.scenario.use import Use

T = TypeVar("T", bound=msgspec.Struct)


class Item(msgspec.Struct, Generic[T], frozen=True):
    """A typed handle: what is asked for, why, and the struct that the answer is.

    The fields asked for are the fields of the struct `gives`, so asking for less is writing a smaller struct. A field
    with a default may be missing in the answer; one without makes the answer unfit. Raises ItemInvalid when made with
    an id, a field or a purpose that no manifest could declare.
    """

    id: str
    gives: type[T]
    purpose: str

    def __post_init__(self) -> None:
        try:
            _use(self.id, self.gives, self.purpose)
        except (msgspec.ValidationError, TypeError) as wrong:
            raise ItemInvalid(item=str(self.id), problem=str(wrong)) from None

    @property
    def use(self) -> Use:
        """What goes over the wire and what the consent screen shows."""
        return _use(self.id, self.gives, self.purpose)

    def fact(self, field: str) -> Fact:
        """Name a field of this item as a ground of a decision. Raises ItemInvalid for a field not asked for."""
        if field not in self.use.fields:
            raise ItemInvalid(item=self.id, problem=f"no field `{field}` is asked for")
        return Fact(self.id, field)

    def read(self, answer: bytes | msgspec.Raw) -> T:
        """Decode an answer strictly. Raises AnswerUnfit, which names the item and nothing of the answer."""
        try:
            read: T = _decoder(self.gives).decode(answer)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            raise AnswerUnfit(item=self.id) from None
        return read


class Data:
    """What is within a plugin's reach during one call: `await data.use(ITEM)`, and nothing else."""

    def __init__(self, ask: Callable[[Use], Awaitable[bytes | msgspec.Raw]]) -> None:
        self._ask = ask

    async def use(self, item: Item[T]) -> T:
        """Ask the host for an item and wait. The use is written down before the answer comes.

        Raises DataRefused with the reason's code (no grant, withdrawn, source down …); AnswerUnfit if the answer is
        not of the declared struct; CallOver when the call it belongs to has ended.
        """
        return item.read(await self._ask(item.use))


@cache
def _use(item: str, gives: type[msgspec.Struct], purpose: str) -> Use:
    fields = [field.encode_name for field in msgspec.structs.fields(gives)]
    return msgspec.convert({"item": item, "fields": fields, "purpose": purpose}, Use)


@cache
def _decoder(gives: type[T]) -> "msgspec.msgpack.Decoder[Any]":
    return msgspec.msgpack.Decoder(gives)
