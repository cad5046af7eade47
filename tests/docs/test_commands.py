"""Every command of the README and of docs/ runs, page by page, in an empty folder with the sample prices."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
FILE_NAME = re.compile(r'file="([^"]+)"')


def blocks(page: Path) -> list[tuple[str, str, str]]:
    """(language, rest of the fence line, text) of each fenced block."""
    return [(match[1], match[2], match[3]) for match in BLOCK.finditer(page.read_text("utf-8"))]


def commands(text: str) -> list[str]:
    """Lines that begin with ``$``, continued lines joined."""
    joined = text.replace("\\\n", " ")
    return [line[2:].strip() for line in joined.splitlines() if line.startswith("$ ")]


PAGES_WITH_COMMANDS = [page for page in PAGES if any(kind == "console" for kind, _, _ in blocks(page))]


@pytest.fixture(scope="session")
def sample(tmp_path_factory):
    """A database with the sample prices."""
    database = tmp_path_factory.mktemp("docs") / "market.sqlite"
    run("tulya data sample", database.parent, {"TULYA_DB": str(database)})
    return database


def run(command: str, folder: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    words = shlex.split(command, comments=True)
    if words[0] == "tulya":
        words = [sys.executable, "-m", "framework", *words[1:]]
    elif words[0] == "python":
        words[0] = sys.executable
    inherited = {name: value for name, value in os.environ.items() if name not in {"TULYA_DB", "TULYA_CONFIG"}}
    full = {**inherited, "PYTHONPATH": str(ROOT), "COLUMNS": "120", **environment}
    return subprocess.run(words, cwd=folder, env=full, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize("page", PAGES_WITH_COMMANDS, ids=lambda page: page.stem)
def test_every_command_on_the_page_does_what_it_says(page, sample, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "market.sqlite").write_bytes(sample.read_bytes())
    ran = 0
    for kind, rest, text in blocks(page):
        named = FILE_NAME.search(rest)
        if named:
            (tmp_path / named[1]).write_text(text, encoding="utf-8")
        for command in commands(text) if kind == "console" else []:
            if command.split()[0] in {"git", "make", "cd"}:
                continue  # the set-up itself: CI runs it on a fresh clone
            expected = re.search(r"# exits with (\d+)", command)
            done = run(command, tmp_path, {})
            told = f"{command}\n{done.stdout}\n{done.stderr}"
            assert (int(expected[1]) if expected else 0) == done.returncode, told
            ran += 1
    assert ran > 0


def test_the_pages_with_commands_are_found():
    assert {"README", "data"} <= {page.stem for page in PAGES_WITH_COMMANDS}
