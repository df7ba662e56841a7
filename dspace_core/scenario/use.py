"""What is asked for: one item, some of its fields, one purpose. The manifest, the consent screen and the wire share it."""

from typing import Annotated

import msgspec

ItemId = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_.-]*\Z", max_length=64)]
"""An item of data in the catalogue, such as `household.record`."""
FieldName = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_]*\Z", max_length=64)]
"""A field of an item, such as `birth_date`."""
Purpose = Annotated[str, msgspec.Meta(pattern=r"^\S(?:[^\r\n]*\S)?\Z", max_length=60)]
"""Why the data is needed, in one plain Chinese sentence of at most 60 characters; compared as it is written."""


class Use(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Some fields of one item, for one purpose: what a manifest declares, a notice shows and a plugin asks for."""

    item: ItemId
    fields: Annotated[frozenset[FieldName], msgspec.Meta(min_length=1, max_length=64)]
    purpose: Purpose
