"""Mutation testing of the rulebook: every small mistake one could make in a rule must fail a test.

    python scripts/mutate.py [--unit] [MODULE …]    modules of framework/rules; all of them without one

``--unit`` tries the rules' own tests only, not those of the contract: quicker, and what survives may be caught there.

Each mutant runs in a process of its own, forked from one that has pytest, the tests and their libraries in memory: the
code of the functions is exchanged there, no file is written. What was killed stays killed until the module changes; a
mutant that survived is tried again, so after a better test only those are run. Results: build/mutation/MODULE.json.
"""

from __future__ import annotations

import ast
import copy
import hashlib
import json
import os
import signal
import sys
import types
from collections import Counter
from contextlib import redirect_stderr, redirect_stdout
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[1]
RULES = ROOT / "framework" / "rules"
KEPT = ROOT / "build" / "mutation"
SECONDS = 90
"""A mutant that runs longer loops for ever, and is killed."""
COMPARISONS = {
    ast.Lt: (ast.LtE, ast.GtE), ast.LtE: (ast.Lt, ast.Gt), ast.Gt: (ast.GtE, ast.LtE), ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,), ast.NotEq: (ast.Eq,),
}  # fmt: skip
ARITHMETIC = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult, ast.Pow: ast.Mult,
}  # fmt: skip
CALLS = {"min": "max", "max": "min", "floor": "ceil", "ceil": "floor"}


def mutations(node: ast.AST) -> Iterator[tuple[str, object]]:
    """Mutations of one node: in words, and the change in place."""
    match node:
        case ast.Compare():
            for at, op in enumerate(node.ops):
                for other in COMPARISONS.get(type(op), ()):
                    yield f"{type(op).__name__} → {other.__name__}", _put(node.ops, at, other())
        case ast.BinOp() | ast.AugAssign() if type(node.op) in ARITHMETIC:
            other = ARITHMETIC[type(node.op)]
            yield f"{type(node.op).__name__} → {other.__name__}", _set(node, "op", other())
        case ast.BoolOp():
            other = ast.Or if isinstance(node.op, ast.And) else ast.And
            yield f"→ {other.__name__}", _set(node, "op", other())
        case ast.UnaryOp(op=ast.Not()):
            yield "not dropped", _set(node, "operand", ast.UnaryOp(ast.Not(), node.operand))
        case ast.UnaryOp(op=ast.USub()):
            yield "sign dropped", _set(node, "op", ast.UAdd())
        case _:
            yield from _more_mutations(node)


def _more_mutations(node: ast.AST) -> Iterator[tuple[str, object]]:
    """Of conditions, constants, answers and calls."""
    match node:
        case ast.If() | ast.IfExp() | ast.While():
            yield "condition negated", _set(node, "test", ast.UnaryOp(ast.Not(), node.test))
        case ast.Constant(value=bool()):
            yield f"{node.value} → {not node.value}", _set(node, "value", not node.value)
        case ast.Constant(value=int() | float()):
            yield f"{node.value} → {node.value + 1}", _set(node, "value", node.value + 1)
        case ast.Return(value=value) if value is not None and not isinstance(value, ast.Constant):
            yield "return 0", _set(node, "value", ast.Constant(0))
        case ast.Call(func=ast.Name(id=name) as called) if name in CALLS:
            yield f"{name} → {CALLS[name]}", _set(called, "id", CALLS[name])
        case ast.Call(func=ast.Name(id="abs")):
            yield "abs dropped", _set(node, "func", ast.parse("(lambda x: x)", mode="eval").body)
        case ast.Call(func=ast.Attribute(attr=name) as called) if name in CALLS:
            yield f"{name} → {CALLS[name]}", _set(called, "attr", CALLS[name])


def _set(node: object, name: str, value: object) -> object:
    return lambda: setattr(node, name, value)


def _put(items: list[object], at: int, value: object) -> object:
    return lambda: items.__setitem__(at, value)


def mutants(source: str) -> Iterator[tuple[str, ast.Module]]:
    """Each mutant of a module: where and what, and its tree. Texts and annotations are left alone."""
    tree = ast.parse(source)
    lines = source.splitlines()
    named: Counter[str] = Counter()
    for number, node in enumerate(_in_functions(tree)):
        for variant, (what, _) in enumerate(mutations(node)):
            changed = copy.deepcopy(tree)
            twin = list(_in_functions(changed))[number]
            list(mutations(twin))[variant][1]()  # type: ignore[operator]  # what _set and _put hand back
            line = getattr(node, "lineno", 0)
            name = f"{line}:{node.col_offset}: {what}: {lines[line - 1].strip()}"
            named[name] += 1  # the sums in a + b + c begin at the same column
            yield name if named[name] == 1 else f"{name} ({named[name]})", ast.fix_missing_locations(changed)


def _in_functions(tree: ast.Module) -> Iterator[ast.AST]:
    for function in tree.body:
        if isinstance(function, ast.FunctionDef):
            for statement in function.body:
                yield from (node for node in ast.walk(statement) if hasattr(node, "col_offset"))


def exchange(module: types.ModuleType, tree: ast.Module) -> None:
    """Give the module's functions the mutant's code; whoever imported them has it too."""
    names: dict[str, object] = {"__name__": module.__name__}
    exec(compile(tree, str(module.__file__), "exec"), names)  # noqa: S102 - our own source, changed a little
    for name, function in vars(module).items():
        if isinstance(function, types.FunctionType) and function.__module__ == module.__name__:
            function.__code__ = names[name].__code__  # type: ignore[attr-defined]  # the same function, mutated


def is_killed(module: types.ModuleType, tree: ast.Module, tests: list[str]) -> bool:
    """True if a test fails, in a fork."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != 0
    signal.alarm(SECONDS)
    code = 1
    try:
        exchange(module, tree)
        with (
            Path(os.devnull).open("w", encoding="utf-8") as nowhere,
            redirect_stdout(nowhere),
            redirect_stderr(nowhere),
        ):
            code = int(run(tests))
    finally:
        os._exit(code)


def run(tests: list[str]) -> int:
    """Exit code of pytest over these tests."""
    import pytest

    return int(pytest.main(["-x", "-q", "-p", "no:cacheprovider", "--tb=no", *tests]))


def tests_of(name: str, *, unit: bool) -> list[list[str]]:
    """The tests to try a mutant with, in turn: the module's own, those of all rules, unless ``unit`` the contract's."""
    own = ROOT / "tests" / "unit" / "rules" / f"test_{name}.py"
    first = [[str(own)]] if own.exists() else []
    contract = [] if unit else [[str(ROOT / "tests" / "contract")]]
    return [*first, [str(ROOT / "tests" / "unit" / "rules")], *contract]


def examine(name: str, *, unit: bool) -> dict[str, bool]:
    """Mutant → whether it was killed, of one module; what is known of the same source is not tried again."""
    source = (RULES / f"{name}.py").read_text(encoding="utf-8")
    version = hashlib.sha256(source.encode()).hexdigest()
    file = KEPT / f"{name}.json"
    known = json.loads(file.read_text()) if file.exists() else {}
    killed: dict[str, bool] = known["killed"] if known.get("source") == version else {}
    module = import_module(f"framework.rules.{name}")
    for what, tree in mutants(source):
        if not killed.get(what):
            killed[what] = any(is_killed(module, tree, tests) for tests in tests_of(name, unit=unit))
            file.write_text(json.dumps({"source": version, "killed": killed}, ensure_ascii=False, indent=1))
            print("." if killed[what] else f"\nsurvived  {name}.py:{what}\n", end="", flush=True)
    return killed


def main(names: list[str]) -> int:
    """Examine modules, say what survived, and what share was killed."""
    os.environ["HYPOTHESIS_PROFILE"] = "mutate"
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    sys.path.insert(0, str(ROOT))
    os.chdir(ROOT)
    KEPT.mkdir(parents=True, exist_ok=True)
    everything = sorted(path.stem for path in RULES.glob("*.py") if path.stem != "__init__")
    unit = "--unit" in names
    names = [name for name in names if name != "--unit"]
    for tests in tests_of("money", unit=unit):
        if run(tests) != 0:  # it also brings the libraries into memory
            print("the tests fail without any mutant; mend them first", file=sys.stderr)
            return 1
    total = alive = 0
    for name in names or everything:
        killed = examine(name, unit=unit)
        survivors = [what for what, dead in killed.items() if not dead]
        total, alive = total + len(killed), alive + len(survivors)
        share = 1 - len(survivors) / max(len(killed), 1)
        print(f"\n{name}: {len(killed) - len(survivors)} of {len(killed)} killed ({share:.1%})", flush=True)
        for what in survivors:
            print(f"  {name}.py:{what}")
    print(f"all: {total - alive} of {total} killed ({1 - alive / max(total, 1):.1%})")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
