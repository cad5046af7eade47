"""Options of a run's settings: ``--capital``, ``--stop-loss``, …, made from what ``framework.types.Settings`` declares.

They are made when ``tulya backtest`` or ``tulya sweep`` is called, not before: the declarations need pydantic and numpy
(0.3 s), which ``tulya --help`` does without.
"""

from __future__ import annotations

from inspect import Parameter, Signature
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

if TYPE_CHECKING:
    from framework.types.setting_option import DeclaredSetting

UNSET = ("none", "no limit", "no cap", "never")
"""Defaults that go without saying."""


class SettingsCommand(TyperCommand):
    """Command with one more option per declared setting; ``chosen_settings`` gives their values to its function."""

    _names: tuple[str, ...] = ()

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        """Add the options, once, before the arguments are parsed or the help is printed."""
        if not self._names:
            options = setting_options()
            self._names = tuple(option.name for option in options)
            panels = [getattr(param, "rich_help_panel", None) is not None for param in self.params]
            first = panels.index(True) if True in panels else len(panels)
            self.params[first:first] = options  # their panels stand between the command's own options and its panels
        return super().make_context(info_name, args, parent, **extra)

    def invoke(self, ctx: Any) -> Any:
        """Move the settings' values from the function's arguments to the context."""
        values = {name: ctx.params.pop(name) for name in self._names}
        ctx.obj = {name: value for name, value in values.items() if value is not None}
        return super().invoke(ctx)


def chosen_settings(context: typer.Context) -> dict[str, Any]:
    """Setting → value, of the options that were given; for ``Settings.of``."""
    return dict(context.obj)


def setting_options() -> list[Any]:
    """An option for each declared setting that has one, as typer makes them from a function's arguments."""
    from framework.types import Settings
    from framework.types.setting_option import declared

    def function(**_: Any) -> None: ...

    arguments = [_argument(setting) for setting in declared(Settings) if setting.flag]
    function.__signature__ = Signature(arguments)  # type: ignore[attr-defined]
    function.__annotations__ = {argument.name: argument.annotation for argument in arguments}
    app = typer.Typer(add_completion=False)
    app.command()(function)
    return list(typer.main.get_command(app).params)


def _argument(setting: DeclaredSetting) -> Parameter:
    metavar = setting.option.unit.upper().replace(" ", "_") if setting.bare_unit else None
    panel = setting.option.group
    option = typer.Option(setting.flag, help=help_text(setting), metavar=metavar, rich_help_panel=panel)
    kind: Any = Annotated[setting.kind | None, option]
    return Parameter(setting.name, Parameter.KEYWORD_ONLY, default=None, annotation=kind)


def help_text(setting: DeclaredSetting) -> str:
    """``Distance from the average fill: 5% or rupees``: text, forms, and the default in brackets where there is one."""
    forms = "" if setting.bare_unit or setting.kind is bool else f": {setting.option.unit.replace(' | ', ' · ')}"
    default = "" if setting.default in UNSET else f" \\[{setting.default}]"
    return f"{setting.text[0].upper()}{setting.text[1:]}{forms}{default}"
