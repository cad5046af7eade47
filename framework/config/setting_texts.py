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
DEFAULTS = Settings()
MOST_EXACT = 2**53
"""Up to here a float without a fraction is written as a whole number."""
GROUP_WORDS = {
    "exits": "added to every position; the strategy's own nearer exit wins",
    "limits": "they only ever hold back orders that increase a position; checked in this order",
}


def run_section() -> str:
    """``run:`` of ``config/trading.yaml``: every setting with its default, text, unit and the meaning of null."""
    return "\n".join(["run:", *settings_lines(DEFAULTS, "  ")]) + "\n"


def settings_lines(settings: Settings, indent: str) -> Iterator[str]:
    """Lines of YAML: every setting with its value, text, unit and the meaning of null."""
    group = ""
    for setting in declared(Settings):
        inside, _, _ = setting.key.rpartition(".")
        if inside != group:
            group = inside
            yield f"{indent}{group}:  # {GROUP_WORDS[group]}"
        inner = f"{indent}  " if group else indent
        yield from commented(f"{inner}{setting.name}: {_yaml(setting, settings)}", _comment(setting), indent)


def settings_table() -> str:
    """Table of ``docs/configuration.md``: key, option, text, unit and default of every setting."""
    rows = ["| `run.` | option | meaning | unit or forms | default |", "|---|---|---|---|---|"]
    for setting in declared(Settings):
        flag = f"`{setting.flag.partition('/')[0]}`" if setting.flag else f"none: {setting.option.file_only}"
        cells = [f"`{setting.key}`", flag, setting.text, setting.option.unit, setting.default]
        rows.append(f"| {' | '.join(cell.replace('|', '·') for cell in cells)} |")
    return "\n".join(rows) + "\n"


def _comment(setting: DeclaredSetting) -> str:
    null = f"; null = {setting.option.none}" if _value(setting, DEFAULTS) is None else ""
    return f"{setting.meaning}{null}"


def commented(entry: str, comment: str, indent: str) -> Iterator[str]:
    """An entry with its comment from one column on, in as many lines as it needs."""
    column = 30 + len(indent)
    first, *rest = wrap(comment, WIDTH - column - 4)
    yield f"{entry:<{column}} # {first}"
    yield from (f"{'':{column}} #   {line}" for line in rest)


def _yaml(setting: DeclaredSetting, settings: Settings) -> str:
    value = _value(setting, settings)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple | dict) and not value:
        return "{}" if isinstance(value, dict) else "[]"
    if value == _value(setting, DEFAULTS):
        return setting.default
    return yaml_value(_written(setting, settings))


def yaml_value(value: Any) -> str:
    """A plain value as YAML on one line."""
    import yaml

    whole = isinstance(value, float) and value.is_integer() and abs(value) < MOST_EXACT
    return (
        str(
            yaml.safe_dump(
                int(value) if whole else value,
                default_flow_style=True,
                width=10**9,
                allow_unicode=True,
                sort_keys=False,
            )
        )
        .removesuffix("...\n")
        .strip()
    )


def _written(setting: DeclaredSetting, settings: Settings) -> Any:
    """The value as people write it: ``5%``, a number, a list."""
    model: Any = settings.model_dump(mode="json")
    for part in setting.key.split("."):
        model = model[part]
    return model


def _value(setting: DeclaredSetting, settings: Settings) -> Any:
    model: Any = settings
    for part in setting.key.split("."):
        model = getattr(model, part)
    return model
