"""Charge files, ``config/charges/*.yaml``, row by row; numbers stay texts, every row carries its file and line."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic import ValidationError

from framework.errors import ConfigError
from framework.market.charge_rows import SECTIONS, ChargeRow
from framework.types.explain import explain

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OVERRIDES = "overrides"
NULL = "tag:yaml.org,2002:null"


class ChargeFile(NamedTuple):
    """One file's rows; with ``overrides: true`` they go before the rows of other files on their days."""

    rows: tuple[ChargeRow, ...]
    overrides: bool


def read_charges(file: Path) -> ChargeFile:
    """The rows of one file; ``ConfigError`` names the line that is wrong."""
    import yaml

    try:
        # Composed, not loaded: 0.0030699 must not pass through a float, and a row's line is kept.
        node = yaml.compose(file.read_text("utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"{file} cannot be read: {' '.join(str(error).split())}") from error
    rows: list[ChargeRow] = []
    overrides = False
    for name, value in _pairs(node, str(file)) if node is not None else ():
        if name == OVERRIDES:
            overrides = _truth(value, file)
        else:
            rows.extend(_section(name, value, file))
    return ChargeFile(tuple(rows), overrides)


def _section(name: str, node: Any, file: Path) -> Iterator[ChargeRow]:
    import yaml

    model = SECTIONS.get(name)
    if model is None:
        near = get_close_matches(name, SECTIONS, 1, 0.4)
        hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(SECTIONS)} and {OVERRIDES}"
        raise ConfigError(f"{file}: unknown key {name}; {hint}")
    if not isinstance(node, yaml.SequenceNode):
        raise ConfigError(f"{file}: {name} should hold a list of rows, each beginning with a dash")
    for item in node.value:
        where = f"{file.name}:{item.start_mark.line + 1}"
        content = _plain(item, f"{file}:{item.start_mark.line + 1}")
        if not isinstance(content, dict):
            raise ConfigError(f"{where}: a row of {name} holds keys such as valid_from: 2024-10-01, not {content!r}")
        unknown = [key for key in content if key == "where" or key not in model.model_fields]
        if unknown:
            known = [field for field in model.model_fields if field != "where"]
            near = get_close_matches(unknown[0], known, 1, 0.5)
            hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
            raise ConfigError(f"{where}: a row of {name} has no {unknown[0]}; {hint}")
        absent = [key for key, field in model.model_fields.items() if field.is_required() and content.get(key) is None]
        if absent:
            raise ConfigError(f"{where}: a row of {name} needs {' and '.join(absent)}; add it")
        try:
            yield model.model_validate({**content, "where": where})
        except ValidationError as error:
            raise ConfigError(explain(f"{where}: {name}", error)) from error


def _plain(node: Any, where: str) -> Any:
    """Mappings, lists and texts; an empty value is None."""
    import yaml

    if isinstance(node, yaml.MappingNode):
        return {key: _plain(value, where) for key, value in _pairs(node, where)}
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item, where) for item in node.value]
    return None if node.tag == NULL else node.value


def _pairs(node: Any, where: str) -> list[tuple[str, Any]]:
    import yaml

    if not isinstance(node, yaml.MappingNode):
        raise ConfigError(f"{where} should hold keys such as {', '.join(SECTIONS)}")
    pairs = [(str(key.value), value) for key, value in node.value]
    names = [name for name, _ in pairs]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ConfigError(f"{where}: the key {twice} stands there twice; join the two")
    return pairs


def _truth(node: Any, file: Path) -> bool:
    if node.value not in {"true", "false"}:
        raise ConfigError(f"{file}: {OVERRIDES}: {node.value!r} should be true or false")
    return bool(node.value == "true")
