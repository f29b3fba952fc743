"""The pages hold together: decisions are short and whole, and links lead somewhere."""

import re
from pathlib import Path

import pytest

from tests.docs.diagrams import DOCS

DECISIONS = sorted((DOCS / "decisions").glob("*.md"))
PAGES = sorted(DOCS.rglob("*.md"))
PARTS = ("Decision", "Why", "What we gave up", "How we would notice it was wrong")


def anchors(page: Path) -> set[str]:
    heads = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.M)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


def test_decisions_are_numbered_without_a_gap() -> None:
    """A decision keeps its number for life, and none is lost."""
    assert [page.name[:4] for page in DECISIONS] == [f"{n:04}" for n in range(1, len(DECISIONS) + 1)]


@pytest.mark.parametrize("page", DECISIONS, ids=lambda page: page.name[:4])
def test_a_decision_is_short_and_says_its_four_things(page: Path) -> None:
    """At most 25 lines: what was decided, why, what it cost, and what would prove it wrong."""
    text = page.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 25
    assert re.findall(r"^\*\*([^*]+)\.\*\*", text, re.M) == list(PARTS)
    assert text.startswith(f"# {page.name[:4]} ")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem[:30])
def test_every_link_leads_somewhere(page: Path) -> None:
    """A link inside the docs names a file that is there, and a heading that it has."""
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if "://" in target:
            continue
        name, _, anchor = target.partition("#")
        there = (page.parent / name) if name else page
        assert there.exists(), target
        assert not anchor or anchor in anchors(there), target
