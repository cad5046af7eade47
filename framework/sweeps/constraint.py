"""``fast < slow`` as a function of a parameter set: comparisons and plain arithmetic, nothing else."""

from __future__ import annotations

import ast
import operator
from typing import TYPE_CHECKING, Any

from framework.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

COMPARE = {
    ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge,
    ast.Eq: operator.eq, ast.NotEq: operator.ne,
}  # fmt: skip
ARITHMETIC = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv}
FORM = "write a comparison of parameters and numbers, such as 'fast < slow' or 'slow - fast >= 10 and period < 50'"


def parse_constraint(text: str, known: Iterable[str]) -> Callable[[Mapping[str, Any]], bool]:
    """The function a text stands for; ``ConfigError`` names the part that is not understood."""
    names = list(known)
    try:
        tree = ast.parse(text, mode="eval").body
    except SyntaxError:
        msg = f"constraint {text!r} is not understood; {FORM}"
        raise ConfigError(msg) from None
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id not in names:
            msg = f"constraint {text!r}: {node.id!r} is no parameter; there are {', '.join(names)}"
            raise ConfigError(msg)
    if not isinstance(tree, ast.Compare | ast.BoolOp):
        msg = f"constraint {text!r} says neither yes nor no; {FORM}"
        raise ConfigError(msg)

    def holds(parameters: Mapping[str, Any]) -> bool:
        try:
            return bool(_value(tree, parameters))
        except (TypeError, ZeroDivisionError, _UnknownError) as error:
            msg = f"constraint {text!r} cannot be worked out for {dict(parameters)} ({error}); {FORM}"
            raise ConfigError(msg) from None

    return holds


class _UnknownError(Exception):
    """A construct that a constraint may not use."""


def _value(node: ast.expr, parameters: Mapping[str, Any]) -> Any:  # noqa: PLR0911 - one answer per construct
    match node:
        case ast.Name(id=name):
            return parameters[name]
        case ast.Constant(value=value) if isinstance(value, int | float | str):
            return value
        case ast.BoolOp(op=ast.And(), values=values):
            return all(_value(value, parameters) for value in values)
        case ast.BoolOp(values=values):
            return any(_value(value, parameters) for value in values)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_value(operand, parameters)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in ARITHMETIC:
            return ARITHMETIC[type(op)](_value(left, parameters), _value(right, parameters))
        case ast.Compare(left=left, ops=ops, comparators=others) if all(type(op) in COMPARE for op in ops):
            sides = [_value(side, parameters) for side in (left, *others)]
            pairs = zip(ops, sides, sides[1:], strict=False)
            return all(COMPARE[type(op)](one, two) for op, one, two in pairs)
        case _:
            what = f"{ast.unparse(node)!r} is not allowed"
            raise _UnknownError(what)
