"""A base install does without every optional library: each is imported late, and its absence is told in a sentence."""

import ast
import re
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
IMPORT_NAMES = {"pyyaml": "yaml", "ta-lib": "talib"}
BROUGHT = {
    "llvmlite": "numba",
    "matplotlib": "quantstats",
    "cloudpickle": "distributed",
    "sqlalchemy": "optuna",
    "markupsafe": "jinja2",
}
"""Library → the declared one that cannot be without it."""
SHELL = ("strategies", "adapters", "framework")


def names_of(requirements):
    """Import names of requirements such as ``TA-Lib>=0.6.5``."""
    found = (re.match(r"[A-Za-z0-9_.-]+", one)[0].lower() for one in requirements)
    return {IMPORT_NAMES.get(name, name.replace("-", "_")) for name in found}


BASE = names_of(PROJECT["dependencies"])
EXTRAS = {name: names_of(given) for name, given in PROJECT["optional-dependencies"].items()}
OPTIONAL = {name for extra in EXTRAS.values() for name in extra} - BASE


def third_party(tree):
    """(library, at the top, guarded) of every import that runs: those for types alone do not."""

    def walk(node, *, top, guarded):
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
                continue
            if isinstance(child, ast.Import | ast.ImportFrom):
                names = [child.module or ""] if isinstance(child, ast.ImportFrom) else [one.name for one in child.names]
                for name in names:
                    yield name.partition(".")[0], top, guarded
            inside = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef)
            caught = isinstance(child, ast.Try) and any("ImportError" in ast.unparse(one) for one in child.handlers)
            yield from walk(child, top=top and not inside, guarded=guarded or caught)

    yield from walk(tree, top=True, guarded=False)


FILES = [path for folder in SHELL for path in sorted((ROOT / folder).rglob("*.py"))]
IMPORTS = [
    (str(path.relative_to(ROOT)), *found) for path in FILES for found in third_party(ast.parse(path.read_text("utf-8")))
]


def test_a_base_install_has_ten_libraries_of_its_own_at_most():
    assert 10 >= len(PROJECT["dependencies"])


def pinned(name):
    """Libraries that a file of pins installs."""
    return names_of(
        re.findall(r"^[A-Za-z0-9_.-]+(?===)", (ROOT / "requirements" / f"{name}.txt").read_text("utf-8"), re.MULTILINE)
    )


def test_each_file_of_pins_has_what_it_is_for():
    assert set() == BASE - pinned("base")
    assert {"arch"} == OPTIONAL & pinned("base")  # for the sample prices, without the libraries that it imports
    assert set() == (EXTRAS["research"] | EXTRAS["quantstats"] | EXTRAS["backtrader"] | EXTRAS["live"]) - pinned("run")
    assert set() == (EXTRAS["cluster"] | EXTRAS["optuna"] | EXTRAS["test"] | EXTRAS["lint"]) - pinned("dev")
    assert set() == EXTRAS["lab"] - pinned("lab")
    assert set() == (pinned("base") - pinned("run")) | (pinned("run") - pinned("dev"))


def test_no_extra_repeats_a_library_but_the_pages_template_engine():
    assert {"jinja2"} == {name for extra in EXTRAS.values() for name in extra & BASE}


def test_every_imported_library_is_declared_or_brought_by_one_that_is():
    own = {*sys.stdlib_module_names, *SHELL, "__future__"}
    imported = {name for _, name, _, _ in IMPORTS} - own
    assert {"pandas", "numba", "optuna"} <= imported  # the reader sees them
    declared = BASE | OPTIONAL
    assert set() == {name for name in imported if BROUGHT.get(name, name) not in declared}


def test_an_optional_library_is_imported_when_it_is_called_for_or_its_absence_is_caught():
    optional = OPTIONAL | {name for name, by in BROUGHT.items() if by in OPTIONAL}
    at_once = {(path, name) for path, name, top, guarded in IMPORTS if name in optional and top and not guarded}
    assert set() == at_once


def test_the_reader_of_imports_tells_early_late_and_guarded_ones_apart():
    program = (
        "import numba\n"
        "if TYPE_CHECKING:\n    import optuna\n"
        "try:\n    import backtrader\nexcept ImportError:\n    pass\n"
        "def late():\n    from distributed.client import Client\n"
        "class Eager:\n    import arch\n"
    )
    expected = [
        ("numba", True, False),
        ("backtrader", True, True),
        ("distributed", False, False),
        ("arch", True, False),
    ]
    assert expected == list(third_party(ast.parse(program)))


@pytest.mark.parametrize("extra", ["research", "quantstats", "backtrader", "cluster", "optuna", "live"])
def test_some_sentence_names_each_extra_that_the_program_can_miss(extra):
    said = f"'tulya[{extra}]'"
    assert any(said in path.read_text("utf-8") for path in FILES)
