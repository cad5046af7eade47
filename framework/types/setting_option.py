"""Setting, as it is declared: its unit, its group, its option of the command line; read by help, YAML and docs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic import BaseModel

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic.fields import FieldInfo

MONEY, ORDERS, EXITS, RISK = "Money", "Orders", "Protective exits", "Risk"
"""Groups, in the order of the panels of ``tulya backtest --help``."""


class SettingOption(NamedTuple):
    """Annotation of a settings field; the field's ``description`` is its text. ``Settings`` shows the use."""

    unit: str
    """Unit of the value, or the forms it may take: ``rupees``, ``bars``, ``none | bps:5 | ticks:1``."""
    group: str
    flag: str = ""
    """Option of ``tulya backtest`` and ``tulya sweep``; empty: the field's name, ``--stop-loss``."""
    none: str = "none"
    """Meaning of None, where None is the default."""
    file_only: str = ""
    """Reason why there is no option; empty: there is one."""


class DeclaredSetting(NamedTuple):
    """One field of ``Settings``, ``Exits`` or ``Limits`` with everything that is declared about it."""

    name: str
    key: str
    """Dotted key in the file, below ``run``: ``exits.stop_loss``."""
    text: str
    option: SettingOption
    kind: type
    """Type an option reads: int, float or bool; str where a text such as ``5%`` is parsed."""
    default: str
    """Default as people write it; what None means, where it is None."""

    @property
    def bare_unit(self) -> bool:
        """True if the unit is one word or two, such as ``rupees``, and not a list of forms."""
        return self.option.unit.replace(" ", "").isalpha()

    @property
    def meaning(self) -> str:
        """Text and unit in one line: ``rupees: deposit at the start``, ``distance from the fill: 5% or rupees``."""
        unit = self.option.unit
        return f"{unit}: {self.text}" if self.bare_unit else f"{self.text}: {unit}"

    @property
    def flag(self) -> str:
        """The option's name, ``--no-…`` behind it for a yes or no; empty where there is none."""
        if self.option.file_only:
            return ""
        flag = self.option.flag or f"--{self.name.replace('_', '-')}"
        return f"{flag}/--no-{flag.removeprefix('--')}" if self.kind is bool else flag


def declared(model: type[BaseModel], prefix: str = "") -> Iterator[DeclaredSetting]:
    """Every setting of a model and of the models inside it, in the order of the fields."""
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from declared(field.annotation, f"{prefix}{name}.")
            continue
        options = [part for part in field.metadata if isinstance(part, SettingOption)]
        if len(options) != 1 or not field.description:
            msg = f"{model.__name__}.{name} needs a description and one SettingOption(unit, group)"
            raise TypeError(msg)
        yield DeclaredSetting(
            name, f"{prefix}{name}", field.description, options[0], _kind(field), _default(field, options[0].none)
        )


def _kind(field: FieldInfo) -> type:
    for kind in (bool, int, float):
        if field.annotation in {kind, kind | None} and not any(hasattr(part, "func") for part in field.metadata):
            return kind
    return str


def _default(field: FieldInfo, none: str) -> str:
    value: Any = field.get_default(call_default_factory=True)
    if value is None or value in ((), {}):
        return none
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):  # read as a text it is a fraction, written as a percentage
        return f"{100 * value:g}%" if _kind(field) is str else f"{value:.10g}"
    return str(value)
