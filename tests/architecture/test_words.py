"""Words: a class name is used once, a docstring begins with its noun, a file name is a noun, links lead somewhere."""

import ast
import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = ("framework", "adapters", "strategies")
QUESTION_WORDS = {
    "what", "who", "whose", "whom", "where", "which", "whether", "when", "how", "why", "whatever", "whoever",
    "whichever", "wherever", "whenever", "however",
}  # fmt: skip
VERB_ENDINGS = re.compile(r"(?:ing|ed)$")
NOUNS = {
    "compiled": "the engine of that name",
    "deferred": "a value made at first access",
    "feed": "market data as they come",
    "finding": "a noun of auditors",
    "funding": "a noun of accounts",
    "listing": "a noun of exchanges",
    "replay_feed": "a feed of recorded days",
    "pacing": "a noun of runners",
    "sizing": "a noun of traders",
    "stepping": "sqlite3_step, a row at a time",
    "wording": "a noun of contracts",
}
"""File names that end like a verb and are nouns."""
SPEED_ONLY = {
    "cli/talib_alone.py", "engines/callees.py", "engines/compilation.py", "engines/compiled.py",
    "engines/kernel/__init__.py", "engines/long_flat.py",
    "engines/numba_cache.py", "engines/kernel/long_flat.py", "engines/kernel/scan.py",
    "engines/kernel/skip.py", "engines/summary.py", "store/revisions.py", "report/metrics/rows.py",
    "store/snapshots.py", "store/stepping.py", "sweeps/figures.py", "sweeps/gil_turns.py",
    "sweeps/indicator_cache.py", "types/deferred.py",
}  # fmt: skip
"""Files, and with kernel/ a folder, that a reader may skip: without them every number stays the same."""
LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)(?:#[^)]*)?\)")
PATH = re.compile(r"`((?:framework|strategies|adapters|tests|docs|config|bench|scripts|notebooks)/[\w./-]+)`")
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "DECISIONS.md", *sorted((ROOT / "docs").glob("*.md"))]


@cache
def trees(*rooms: str) -> dict[Path, ast.Module]:
    """Every file of these rooms, else of the product, parsed."""
    files = [path for room in rooms or PRODUCT for path in sorted((ROOT / room).rglob("*.py"))]
    return {path.relative_to(ROOT): ast.parse(path.read_text("utf-8")) for path in files}


def documented() -> list[tuple[str, str]]:
    """Place and docstring of every module, class and function that has one."""
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    return [
        (f"{path}:{getattr(node, 'lineno', 1)}", text)
        for path, tree in trees(*PRODUCT, "bench", "scripts").items()
        for node in ast.walk(tree)
        if isinstance(node, kinds) and (text := ast.get_docstring(node))
    ]


def test_no_docstring_begins_with_a_question_word():
    found = documented()
    assert len(found) > 1000
    first = {place: re.search(r"\w+", text)[0].lower() for place, text in found}
    assert [] == [place for place, word in first.items() if word in QUESTION_WORDS]


def test_a_class_name_is_used_once():
    names = Counter(node.name for tree in trees().values() for node in ast.walk(tree) if isinstance(node, ast.ClassDef))
    assert set() == {name for name, times in names.items() if times > 1}


def test_a_file_name_is_a_noun():
    stems = {path.stem for path in trees()}
    assert set() == {stem for stem in stems if VERB_ENDINGS.search(stem)} - NOUNS.keys()
    assert set() == NOUNS.keys() - stems


def test_what_is_there_only_for_speed_says_so_first():
    labelled = {
        path.relative_to("framework").as_posix()
        for path, tree in trees().items()
        if (ast.get_docstring(tree) or "").startswith("Speed only: ")
    }
    assert SPEED_ONLY == labelled


def anchors(text: str) -> set[str]:
    """Anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    plain = [re.sub(r"[`*]|\[([^]]*)\]\([^)]*\)", r"\1", heading) for heading in headings]
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in plain}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_heading_that_a_page_links_to_exists(page):
    text = page.read_text("utf-8")
    for target, anchor in re.findall(r"\]\(([^)#\s]*)#([^)]+)\)", text):
        if "://" not in target:
            there = (page.parent / target).read_text("utf-8") if target else text
            assert anchor in anchors(there), f"{target}#{anchor}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_that_a_page_names_exists(page):
    text = page.read_text("utf-8")
    links = {target for target in LINK.findall(text) if "://" not in target and not target.startswith("mailto:")}
    missing = {target for target in links if not (page.parent / target).exists()}
    named = {path.rstrip("/.") for path in PATH.findall(text)}
    missing |= {path for path in named if not (ROOT / path).exists() and not made_by_the_page(path, text)}
    assert set() == missing


def made_by_the_page(path: str, text: str) -> bool:
    """True for a file that a block or a command of the page writes."""
    return f'file="{path}"' in text or f"--out {path}" in text


def test_every_name_that_the_map_gives_is_in_its_file():
    """`framework/rules/fills.py`, `stop_fill`: the name behind a file is defined in it."""
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    pairs = re.findall(r"`(framework/[\w/]+\.py)`, `(\w+)`(?: and `(\w+)`)?", text)
    assert len(pairs) >= 5
    for file, *names in pairs:
        source = (ROOT / file).read_text("utf-8")
        for name in filter(None, names):
            assert re.search(rf"^(?:def {name}\(|class {name}\b|{name}(?::[^=]*)? = )", source, re.MULTILINE), (
                file,
                name,
            )
