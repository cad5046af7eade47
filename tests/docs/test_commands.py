"""Commands of the README and of docs/ run, page by page, in an empty folder with the sample prices.

Lines below a ``$ command`` in a console block are its output. They are compared with what the command prints: runs of
spaces count as one, empty lines do not count, ``…`` in a line stands for any text (times, paths, ids, seconds), a line
of only ``…`` for any number of lines.
"""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from framework.engines.compilation import compile_engine

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
ELLIPSIS = "…"
FILE_NAME = re.compile(r'file="([^"]+)"')


def blocks(page: Path) -> list[tuple[str, str, str]]:
    """(language, rest of the fence line, text) of each fenced block."""
    return [(match[1], match[2], match[3]) for match in BLOCK.finditer(page.read_text("utf-8"))]


def commands(text: str) -> list[tuple[str, list[str]]]:
    """Each line that begins with ``$``, continued lines joined, and the lines of output below it."""
    found: list[tuple[str, list[str]]] = []
    for line in text.replace("\\\n", " ").splitlines():
        if line.startswith("$ "):
            found.append((line[2:].strip(), []))
        elif line.strip():
            assert found, f"output without a command: {line}"
            found[-1][1].append(line)
    return found


def difference(shown: list[str], printed: str) -> str | None:
    """The first line that the page shows and the program did not print there; None where they agree."""
    lines = [" ".join(line.split()) for line in printed.splitlines() if line.strip()]
    patterns = [" ".join(line.split()) for line in shown]
    at = 0
    for number, pattern in enumerate(patterns):
        if pattern == ELLIPSIS:
            continue
        after_gap = number > 0 and patterns[number - 1] == ELLIPSIS
        wanted = re.compile(re.escape(pattern).replace(re.escape(ELLIPSIS), ".*"))
        places = range(at, len(lines) if after_gap else min(at + 1, len(lines)))
        hit = next((place for place in places if wanted.fullmatch(lines[place])), None)
        if hit is None:
            return pattern
        at = hit + 1
    if at < len(lines) and not (patterns and patterns[-1] == ELLIPSIS):
        return f"(the end; it went on with {lines[at]!r})"
    return None


PAGES_WITH_COMMANDS = [page for page in PAGES if any(kind == "console" for kind, _, _ in blocks(page))]


@pytest.fixture(scope="session")
def sample(tmp_path_factory):
    """A database with the sample prices; compiled before, for whoever compiles first says so in its output."""
    compile_engine()
    database = tmp_path_factory.mktemp("docs") / "market.sqlite"
    run("tulya data sample", database.parent, {"TULYA_DB": str(database)})
    return database


def run(command: str, folder: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    words = shlex.split(command, comments=True)
    while re.match(r"[A-Z_]+=", words[0]):  # variables of this one command, as a shell takes them
        name, _, value = words.pop(0).partition("=")
        environment = {**environment, name: value}
    if words[0] == "tulya":
        words = [sys.executable, "-m", "framework", *words[1:]]
    elif words[0] == "python":
        words[0] = sys.executable
    inherited = {name: value for name, value in os.environ.items() if name not in {"TULYA_DB", "TULYA_CONFIG"}}
    full = {**inherited, "PYTHONPATH": str(ROOT), "COLUMNS": "120", **environment}
    return subprocess.run(words, cwd=folder, env=full, capture_output=True, text=True, timeout=300, check=False)


@pytest.mark.parametrize("page", PAGES_WITH_COMMANDS, ids=lambda page: page.stem)
def test_every_command_on_the_page_does_what_it_says(page, sample, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "market.sqlite").write_bytes(sample.read_bytes())
    ran = 0
    for kind, rest, text in blocks(page):
        named = FILE_NAME.search(rest)
        if named:
            (tmp_path / named[1]).write_text(text, encoding="utf-8")
        for command, shown in commands(text) if kind == "console" else []:
            if command.split()[0] in {"git", "make", "cd"}:
                continue  # the set-up itself: CI runs it on a fresh clone
            expected = re.search(r"# exits with (\d+)", command)
            done = run(command, tmp_path, {})
            printed = f"{done.stdout}\n{done.stderr}"
            assert (int(expected[1]) if expected else 0) == done.returncode, f"{command}\n{printed}"
            if shown:
                missed = difference(shown, printed)
                assert missed is None, f"{command}\nthe page shows\n  {missed}\nand it printed\n{printed}"
            ran += 1
    assert ran > 0


@pytest.mark.parametrize(
    ("shown", "missed"),
    [
        (["one 1", "two  22", "three"], None),
        (["one …", "…", "three"], None),
        (["…", "three"], None),
        (["one 1", "…"], None),
        (["one 2", "two 22", "three"], "one 2"),
        (["one 1", "three"], "three"),
        (["one 1", "…", "four"], "four"),
        (["one 1", "two 22"], "(the end; it went on with 'three')"),
        (["one 1", "two 22", "three", "four"], "four"),
    ],
)
def test_output_on_a_page_is_compared_line_by_line(shown, missed):
    assert missed == difference(shown, "one   1\n\ntwo 22\nthree\n")


def test_commands_are_found_with_the_output_below_them():
    assert [("a --b   c", ["1", "2"]), ("d", [])] == commands("$ a --b \\\n c\n1\n2\n\n$ d\n")


def test_the_pages_with_commands_are_found():
    assert {"README", "data"} <= {page.stem for page in PAGES_WITH_COMMANDS}
