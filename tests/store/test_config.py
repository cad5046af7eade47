"""config/trading.yaml: file < environment < flag, every key known, every mistake a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from pydantic import BaseModel

from framework.config.settings_file import Config, database_path, load_config
from framework.errors import ConfigError
from framework.types import Distance, Settings

SHIPPED = Path(__file__).resolve().parents[2] / "config" / "trading.yaml"


@pytest.fixture(autouse=True)
def clean(monkeypatch, tmp_path):
    """A working directory without a configuration and an environment without Tulya's variables."""
    monkeypatch.chdir(tmp_path)
    for name in ("TULYA_DB", "TULYA_CONFIG", "TULYA_RUN_CAPITAL"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def written(tmp_path):
    def write(text):
        (tmp_path / "config").mkdir(exist_ok=True)
        (tmp_path / "config" / "trading.yaml").write_text(text)

    return write


def test_without_a_file_the_defaults_hold():
    config = load_config()
    assert Settings() == config.run
    assert () == config.risk_rules
    assert Path("data/market.sqlite") == database_path()


def test_the_shipped_file_says_every_default_and_changes_none():
    config = load_config(SHIPPED)
    assert Settings() == config.run
    assert Path("data/market.sqlite") == config.database_path()


def keys(model):
    return {
        name: keys(field.annotation)
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)
        else None
        for name, field in model.model_fields.items()
    }


def test_the_shipped_file_has_every_key_there_is():
    def shape(content):
        return {name: shape(value) if isinstance(value, dict) and value else None for name, value in content.items()}

    assert keys(Config) == shape(yaml.safe_load(SHIPPED.read_text()))


def test_every_key_of_the_shipped_file_is_explained():
    for line in SHIPPED.read_text().splitlines():
        if line.startswith("  ") and not line.endswith(":"):
            assert "# " in line, line


def test_the_file_then_the_environment_then_the_flag(written, monkeypatch):
    written("database: from_file.sqlite\nrun:\n  capital: 1000\n  exits:\n    stop_loss: 5%\n    trail: 3%\n")
    assert Path("from_file.sqlite") == database_path()
    assert (1000.0, Distance(0.05, True)) == (load_config().run.capital, load_config().run.exits.stop_loss)
    monkeypatch.setenv("TULYA_DB", "from_environment.sqlite")
    monkeypatch.setenv("TULYA_RUN_CAPITAL", "2000")
    monkeypatch.setenv("TULYA_RUN_EXITS_STOP_LOSS", "7%")
    assert Path("from_environment.sqlite") == database_path()
    assert Path("from_flag.sqlite") == database_path(Path("from_flag.sqlite"))
    config = load_config()
    assert 2000.0 == config.run.capital
    settings = Settings.of(**config.run_choices({"stop_loss": "9%"}))
    assert (2000.0, Distance(0.09, True), Distance(0.03, True)) == (
        settings.capital, settings.exits.stop_loss, settings.exits.trail,
    )  # fmt: skip


def test_another_file_is_named_by_the_environment(tmp_path, monkeypatch):
    (tmp_path / "other.yaml").write_text("run: {capital: 7}\nrisk_rules: ['mine.py:Mine']\n")
    monkeypatch.setenv("TULYA_CONFIG", str(tmp_path / "other.yaml"))
    assert (7.0, ("mine.py:Mine",)) == (load_config().run.capital, load_config().risk_rules)
    monkeypatch.setenv("TULYA_CONFIG", "nowhere.yaml")
    with pytest.raises(ConfigError, match=r"nowhere\.yaml does not exist"):
        load_config()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("databse: x", "unknown key databse; did you mean database?"),
        ("run: {capitl: 5}", "unknown key run.capitl; did you mean run.capital?"),
        ("run: {exits: {stoploss: 5%}}", "unknown key run.exits.stoploss; did you mean run.exits.stop_loss?"),
        ("run: {capital: -5}", "run.capital = -5: input should be greater than 0"),
        ("run: {sizing: lots}", "sizing 'lots' is not understood; write fixed:10"),
        ("run: {exits: 5}", "run.exits = 5 should hold keys, such as stop_loss:"),
        ("- a\n- b", "holds a list; it should hold keys"),
        ("run: {a: [", "cannot be read"),
        (
            "memory: 1GB\nmemory: 2GB",
            "cannot be read: the key memory stands there twice; join the two (line 2, column 1)",
        ),
        ("run: {capital: 5, capital: 6}", "the key capital stands there twice; join the two (line 1, column 19)"),
    ],
)
def test_a_mistake_is_a_sentence_that_names_the_file_and_the_key(written, text, message):
    written(text)
    with pytest.raises(ConfigError) as caught:
        load_config()
    assert str(caught.value).startswith("config/trading.yaml")
    assert message in str(caught.value)


def test_a_time_of_day_is_a_time_and_no_number_to_the_base_of_sixty(written):
    written("run: {square_off: 15:15, capital: 2.5e5, leverage: 1_0, limits: {max_order_quantity: 0x10}}")
    run = load_config().run
    assert ("15:15", 250_000.0, 10.0, 16) == (
        str(run.square_off), run.capital, run.leverage, run.limits.max_order_quantity,
    )  # fmt: skip


@pytest.mark.parametrize("text", ["", "# nothing\n", "run:\nrisk_rules:\ndatabase:\n", "run: {exits: }"])
def test_empty_keys_are_defaults(written, text):
    written(text)
    assert Settings() == load_config().run


def test_a_misspelt_variable_is_answered_with_the_nearest_key(monkeypatch):
    monkeypatch.setenv("TULYA_RUN_CAPITL", "5")
    with pytest.raises(ConfigError, match=r"the environment: unknown key run\.capitl; did you mean run\.capital\?"):
        load_config()


@pytest.mark.parametrize("written", ["yes", "on", "true", "1:00:00", "[1, 2]"])
def test_what_yaml_would_take_for_a_number_in_silence_is_an_error(written, tmp_path):
    """YAML 1.1 reads yes and on as true, which Python counts as 1, and 1:00:00 as 3,600."""
    file = tmp_path / "trading.yaml"
    file.write_text(f"run:\n  capital: {written}\n")
    with pytest.raises(ConfigError, match=r"run\.capital|capital"):
        load_config(file)


@pytest.mark.parametrize(
    "text",
    [
        "a: &a [x, x, x, x, x, x, x, x, x]\n"
        + "".join(f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join(['*' + chr(97 + n)] * 9)}]\n" for n in range(9)),
        "a: &a\n  b: *a\n",
        "run: " + "[" * 5_000 + "]" * 5_000,
        "run: " + "{a: " * 2_000 + "1" + "}" * 2_000,
    ],
    ids=["aliases of aliases", "an alias of itself", "lists in lists", "keys in keys"],
)
def test_a_file_that_unfolds_without_end_ends_at_once_with_a_sentence(text, tmp_path):
    file = tmp_path / "trading.yaml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=r"trading\.yaml cannot be read: its (aliases unfold|lists and keys)"):
        load_config(file)
