import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
_LINK = re.compile(r"\]\((?!https?://)([^)#\s]*)(?:#([^)\s]*))?\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_to_a_file_and_a_heading_that_exist(page: Path) -> None:
    links = _LINK.findall(page.read_text())

    broken = [(path, heading) for path, heading in links if not leads(page, path, heading)]

    assert broken == []


def test_every_page_can_be_found_from_the_index() -> None:
    index = ROOT / "docs/README.md"
    linked = {(index.parent / path).resolve() for path, _ in _LINK.findall(index.read_text())}

    lost = [page for page in PAGES[1:] if page not in linked | {index}]

    assert lost == []


def leads(page: Path, path: str, heading: str) -> bool:
    target = (page.parent / path).resolve() if path else page
    if not target.exists():
        return False
    return not heading or heading in {anchor(each) for each in _HEADING.findall(target.read_text())}


def anchor(heading: str) -> str:
    """Return a heading's anchor, as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
