"""A setting is declared once, in framework/types: options, file and docs show that declaration and nothing else."""

import runpy
from pathlib import Path

import pytest
import yaml
from pydantic import BaseModel

from framework.types import Exits, Limits, Settings
from framework.types.setting_option import EXITS, MONEY, ORDERS, RISK, declared

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = list(declared(Settings))


def test_every_field_of_settings_exits_and_limits_is_declared():
    fields = [
        *(name for name in Settings.model_fields if name not in {"exits", "limits"}),
        *(f"exits.{name}" for name in Exits.model_fields),
        *(f"limits.{name}" for name in Limits.model_fields),
    ]
    assert fields == [setting.key for setting in SETTINGS]


def test_a_field_without_a_declaration_is_an_error():
    class Half(BaseModel):
        capital: float = 1.0

    with pytest.raises(TypeError, match=r"Half\.capital needs a description and one SettingOption\(unit, group\)"):
        list(declared(Half))


def test_every_setting_has_an_option_or_the_reason_why_not():
    assert ["limits.sectors"] == [setting.key for setting in SETTINGS if not setting.flag]
    assert {MONEY, ORDERS, EXITS, RISK} == {setting.option.group for setting in SETTINGS}


@pytest.mark.parametrize("name", ["config/trading.yaml", "docs/configuration.md"])
def test_the_file_shows_the_declarations(name):
    written = runpy.run_path(str(ROOT / "scripts" / "settings.py"))["written"]()
    assert written[ROOT / name] == (ROOT / name).read_text("utf-8"), "run scripts/settings.py"
    assert all(setting.text in " ".join(written[ROOT / name].replace("#  ", "").split()) for setting in SETTINGS)


def test_the_defaults_of_the_shipped_file_are_those_of_the_settings():
    # Read by another reader than the program's own: every default below, worked from the file's text alone.
    shipped = yaml.safe_load((ROOT / "config" / "trading.yaml").read_text("utf-8"))["run"]
    assert (100_000, "equity:95%", None, "none", "next_open") == (
        shipped["capital"], shipped["sizing"], shipped["allotment"], shipped["charges"], shipped["fill_at"],
    )  # fmt: skip
    assert (None, "entry_bar") == (shipped["exits"]["stop_loss"], shipped["exits"]["active_from"])
