"""Settings of a run as texts: the ``run:`` section of the file and the table of the docs, from the declarations."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING, Any

from framework.types import Settings
from framework.types.setting_option import declared

if TYPE_CHECKING:
    from collections.abc import Iterator

    from framework.types.setting_option import DeclaredSetting

WIDTH = 160
"""Characters of the longest line in the file."""
GROUP_WORDS = {
    "exits": "added to every position; the strategy's own nearer exit wins",
    "limits": "they only ever hold back orders that increase a position; checked in this order",
}


def run_section() -> str:
    """``run:`` of ``config/trading.yaml``: every setting with its default, text, unit and the meaning of null."""
    lines, group = ["run:"], ""
    for setting in declared(Settings):
        inside, _, _ = setting.key.rpartition(".")
        if inside != group:
            group = inside
            lines.append(f"  {group}:  # {GROUP_WORDS[group]}")
        lines += _commented(f"{'    ' if group else '  '}{setting.name}: {_yaml(setting)}", _comment(setting))
    return "\n".join(lines) + "\n"


def settings_table() -> str:
    """Table of ``docs/configuration.md``: key, option, text, unit and default of every setting."""
    rows = ["| `run.` | option | meaning | unit or forms | default |", "|---|---|---|---|---|"]
    for setting in declared(Settings):
        flag = f"`{setting.flag.partition('/')[0]}`" if setting.flag else f"none: {setting.option.file_only}"
        cells = [f"`{setting.key}`", flag, setting.text, setting.option.unit, setting.default]
        rows.append(f"| {' | '.join(cell.replace('|', '·') for cell in cells)} |")
    return "\n".join(rows) + "\n"


def _comment(setting: DeclaredSetting) -> str:
    null = f"; null = {setting.option.none}" if _value(setting) is None else ""
    return f"{setting.meaning}{null}"


def _commented(entry: str, comment: str) -> Iterator[str]:
    """An entry with its comment from column 33 on, in as many lines as it needs."""
    first, *rest = wrap(comment, WIDTH - 36)
    yield f"{entry:<32} # {first}"
    yield from (f"{'':32} #   {line}" for line in rest)


def _yaml(setting: DeclaredSetting) -> str:
    value = _value(setting)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple | dict) and not value:
        return "{}" if isinstance(value, dict) else "[]"
    return setting.default


def _value(setting: DeclaredSetting) -> Any:
    model: Any = Settings()
    for part in setting.key.split("."):
        model = getattr(model, part)
    return model
