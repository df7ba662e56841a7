"""The file of receipts: read as it is written, and refused whole where a line is none."""

from pathlib import Path
from uuid import UUID

import msgspec
import pytest

from dspace_core.audit import Receipts, Released, Stopped, read_receipts
from dspace_core.audit.refusals import ReceiptsMalformed

A, B, C, D = (UUID(int=number) for number in range(1, 5))
RELEASED = Released(A, B, C, D, 17)
BY_DUTY = Released(A, B, C, None, 18)
STOPPED = Stopped(C, D, 20)
LINES = [
    f'{{"released": {{"evidence": "{A}", "use": "{B}", "subject": "{C}", "grant": "{D}", "at": 17}}}}',
    f'{{"released": {{"evidence": "{A}", "use": "{B}", "subject": "{C}", "grant": null, "at": 18}}}}',
    f'{{"stopped": {{"subject": "{C}", "grant": "{D}", "at": 20}}}}',
]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "receipts"


@pytest.mark.parametrize("end", ["", "\n"])
def test_releases_and_stops_are_read_in_their_order(file: Path, end: str) -> None:
    file.write_text("\n".join(LINES) + end)
    assert read_receipts(file) == Receipts((RELEASED, BY_DUTY), (STOPPED,))


def test_an_empty_file_holds_nothing(file: Path) -> None:
    file.touch()
    assert read_receipts(file) == Receipts()


@pytest.mark.parametrize(
    "line",
    [
        "",
        "{}",
        "null",
        LINES[0][:-1],
        LINES[0] + LINES[1],
        LINES[0].replace("released", "sent"),
        LINES[0].replace('"at": 17', '"at": "17"'),
        LINES[0].replace(', "grant"', ', "more": 1, "grant"'),
        LINES[0].replace(str(A), "somebody"),
        LINES[2].replace(f'"{D}"', "null"),
        f"{LINES[0][:-1]}, {LINES[2][1:]}",
    ],
)
def test_a_line_that_is_none_is_named_and_nothing_is_read(file: Path, line: str) -> None:
    file.write_text(f"{LINES[0]}\n{line}\n{LINES[2]}\n")
    with pytest.raises(ReceiptsMalformed) as refusal:
        read_receipts(file)
    assert refusal.value.values == {"line": 2}


def test_bytes_that_are_no_text_are_no_line(file: Path) -> None:
    file.write_bytes(LINES[0].encode().replace(b"evidence", b"\xff\xfe"))
    with pytest.raises(ReceiptsMalformed):
        read_receipts(file)


@pytest.mark.parametrize(("at", "late"), [(19, False), (20, False), (21, True)])
def test_what_is_released_after_the_first_stop_of_its_grant_is_late(at: int, late: bool) -> None:
    one = msgspec.structs.replace(RELEASED, at=at)
    second = msgspec.structs.replace(STOPPED, at=30)
    elsewhere = [Stopped(B, D, 1), Stopped(C, A, 1)]  # another's grant of that id, another grant of the person
    for stops in ([STOPPED, second], [second, STOPPED], [*elsewhere, STOPPED]):
        assert Receipts((one, BY_DUTY), tuple(stops)).late() == ([one] if late else [])
