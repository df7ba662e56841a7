"""Every invariant has a name of its own, and a row in the operator's page."""

from pathlib import Path

from dspace_core.audit.invariants import CHAINS, HOLDERS, RELEASES, SEARCHES, STOPS, held

PAGE = (Path(__file__).parents[3] / "docs/operations.md").read_text(encoding="utf-8")
INVARIANTS = [each.invariant for each in (held(frozenset(HOLDERS)), *SEARCHES)] + [CHAINS, RELEASES, STOPS]


def test_every_invariant_stands_in_the_page_under_its_name() -> None:
    names = [invariant.name for invariant in INVARIANTS]
    assert len(set(names)) == len(names)
    assert [name for name in names if f"\n| `{name}` | " not in PAGE] == []
