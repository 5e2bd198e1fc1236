"""The documentation: links lead somewhere, commands can be typed as they stand, the README stays one page."""

import re
import shlex
from importlib import import_module
from pathlib import Path

import pytest

from apps.cli import COMMANDS, Parser
from pruning import criteria

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
README_BYTES = 8192


def named(path):
    return str(path.relative_to(ROOT))


def links(text):
    return re.findall(r"\]\(([^)\s]+)\)", text)


def anchors(path):
    """What the headings of a page are reached by."""
    headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def commands(text):
    """The `artnet` commands of a page's blocks and tables, without what a shell does before and after them."""
    for line in re.findall(r"^(?:.*\| )?(artnet .*)$", text, flags=re.MULTILINE) + re.findall(
        r"`(artnet [^`]+)`", text
    ):
        words = shlex.split(line.split("  #")[0].split("<(")[0].split(" > ")[0], comments=True)
        if len(words) > 1 and words[1] in COMMANDS:
            yield words[1:]


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_links_lead_somewhere(page):
    for link in links(page.read_text(encoding="utf-8")):
        if not link.startswith(("https://", "http://")):
            path, _, anchor = link.partition("#")
            target = (page.parent / path).resolve()
            assert target.exists(), f"{link} leads nowhere"
            assert not anchor or anchor in anchors(target), f"{link}: no such heading"


@pytest.mark.parametrize("page", [page for page in PAGES if list(commands(page.read_text()))], ids=named)
def test_commands_can_be_typed(page):
    for name, *words in commands(page.read_text(encoding="utf-8")):
        parser = Parser(prog=f"artnet {name}")
        import_module(COMMANDS[name][0]).add_arguments(parser)
        if words and "--help" not in words:
            parser.parse_args(words)


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_pages_install_from_the_checkout(page):
    assert not re.search(r"(pip|pipx) install '?artnet", page.read_text(encoding="utf-8"))


def test_every_criterion_is_documented():
    text = (ROOT / "docs" / "pruning.md").read_text(encoding="utf-8")
    assert [name for name in criteria.names() if f"`{name}`" not in text] == []


def test_every_command_is_documented():
    everywhere = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    assert [name for name in COMMANDS if f"artnet {name}" not in everywhere] == []


def test_the_readme_is_one_page():
    assert (ROOT / "README.md").stat().st_size <= README_BYTES


def test_every_page_is_linked():
    reached, waiting = set(), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        reached.add(page)
        for link in links(page.read_text(encoding="utf-8")):
            target = (page.parent / link.partition("#")[0]).resolve()
            if target.suffix == ".md" and target.exists() and target not in reached:
                waiting.append(target)
    assert [named(page) for page in PAGES if page not in reached] == []
