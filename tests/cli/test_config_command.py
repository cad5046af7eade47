"""``tulya config``: what applies and why, every mistake a sentence, and no secret on any way out."""

from __future__ import annotations

import json
import traceback
from pathlib import Path

import pytest
import yaml

from framework.config.settings_file import Config, load_config
from framework.errors import ConfigError

HUSH = "hush-5f3c9"
"""A value that must never be printed."""


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A folder without a configuration, an environment without Tulya's variables."""
    monkeypatch.chdir(tmp_path)
    for variable in ("TULYA_DB", "TULYA_CONFIG", "KEY", "BROKER_API_KEY"):
        monkeypatch.delenv(variable, raising=False)
    (tmp_path / "config").mkdir()
    return tmp_path


@pytest.fixture
def written(home):
    def write(text):
        (home / "config" / "trading.yaml").write_text(text)

    return write


def shown(tulya):
    values = json.loads(tulya("config", "show", "--json").out)["values"]
    return {value["key"]: (value["value"], value["source"]) for value in values}


def test_every_value_is_shown_with_where_it_comes_from(written, tulya, monkeypatch):
    written("run:\n  capital: 5000\n  exits: {stop_loss: 5%}\nrisk_rules: ['mine.py:Mine']\n")
    monkeypatch.setenv("TULYA_RUN_EXITS_TRAIL", "3%")
    monkeypatch.setenv("TULYA_DB", "other.sqlite")
    values = shown(tulya)
    assert (5000.0, "file, config/trading.yaml") == values["run.capital"]
    assert ("5%", "file, config/trading.yaml") == values["run.exits.stop_loss"]
    assert ("3%", "environment, TULYA_RUN_EXITS_TRAIL") == values["run.exits.trail"]
    assert ("other.sqlite", "environment, TULYA_DB") == values["database"]
    assert ("equity:95%", "default") == values["run.sizing"]
    assert ("mine.py:Mine", "file, config/trading.yaml") == values["risk_rules.0"]
    table = tulya("config", "show").out
    assert "environment, TULYA_RUN_EXITS_TRAIL" in table
    assert "File: config/trading.yaml" in table


def test_without_a_file_everything_is_a_default(home, tulya):
    assert {"default"} == {source for _, source in shown(tulya).values()}
    assert "(not there: defaults)" in tulya("config", "show").out
    assert "config/trading.yaml is not there, and the defaults are ok\n" == tulya("config", "check").out


def test_the_environment_goes_before_the_file(written, tulya, monkeypatch):
    written("run: {capital: 5000}\n")
    monkeypatch.setenv("TULYA_RUN_CAPITAL", "7000")
    assert (7000.0, "environment, TULYA_RUN_CAPITAL") == shown(tulya)["run.capital"]


def test_a_check_names_every_problem_with_file_and_key(home, tulya):
    (home / "bad.yaml").write_text(
        f"broker:\n  api_key: {HUSH}\nrun:\n  capitl: 5\n  capital: -1\n  allotment: ${{NOWHERE}}\n  exits: 5\n"
        "secrets:\n  totp: ${KEY}\n"
    )
    done = tulya("config", "check", "bad.yaml")
    assert (1, "") == (done.code, done.out)
    assert [
        (
            "bad.yaml: broker.api_key is a secret with its value in the file; write api_key: "
            "${BROKER_API_KEY} and set that environment variable"
        ),
        "bad.yaml: unknown key broker; known are database, memory, scratch, run, risk_rules, live, secrets",
        "bad.yaml: unknown key run.capitl; did you mean run.capital?",
        "bad.yaml: run.exits = 5 should hold keys, such as stop_loss:",
        "bad.yaml: run.allotment needs the environment variable NOWHERE, which is not set; export NOWHERE=…",
    ] == done.err.splitlines()
    (home / "bad.yaml").write_text("run: {capital: -1, sizing: lots}\n")
    told = json.loads(tulya("config", "check", "bad.yaml", "--json").out)
    assert (False, 2) == (told["ok"], len(told["problems"]))
    assert "bad.yaml.run.capital = -1: input should be greater than 0" == told["problems"][0]


def test_a_check_of_a_good_file_says_ok_and_one_of_no_file_says_so(home, tulya):
    (home / "good.yaml").write_text("# yaml-language-server: $schema=s.json\nrun: {capital: 5}\n")
    assert (0, "good.yaml: ok\n") == tulya("config", "check", "good.yaml")[:2]
    done = tulya("config", "check", "nowhere.yaml")
    assert (1, "nowhere.yaml does not exist; give the path of a configuration file\n") == (done.code, done.err)


def test_a_missing_variable_of_a_secret_is_found_by_the_check_and_at_use_only(written, tulya):
    written("secrets: {api_key: '${KEY}'}\n")
    assert ("••••", "environment, KEY, which is not set") == shown(tulya)["secrets.api_key"]
    done = tulya("config", "check")
    assert 1 == done.code
    assert "config/trading.yaml: secrets.api_key needs the environment variable KEY, which is not set" in done.err
    config = load_config()
    with pytest.raises(ConfigError, match=r"^secrets\.api_key needs the environment variable KEY, which is not set"):
        config.secret("api_key")
    with pytest.raises(ConfigError, match=r"no secret 'api_kye' under secrets: \(there are: api_key\)"):
        config.secret("api_kye")


def test_a_secret_is_read_when_it_is_used_and_printed_nowhere(written, tulya, monkeypatch):
    written("database: ${KEY}/x.sqlite\nsecrets: {api_key: '${KEY}'}\n")
    monkeypatch.setenv("KEY", HUSH)
    config = load_config()
    assert HUSH == config.secret("api_key")
    assert f"{HUSH}/x.sqlite" == str(config.database_path())
    for told in (repr(config), str(config), tulya("config", "show").out, tulya("config", "show", "--json").out):
        assert HUSH not in told
    assert ("••••", "environment, KEY") == shown(tulya)["secrets.api_key"]
    assert ("••••", "file, by environment KEY") == shown(tulya)["database"]
    monkeypatch.setenv("KEY", "another")
    assert "another" == config.secret("api_key")


@pytest.mark.parametrize(
    "text",
    [
        "run: {capital: '${KEY}'}",
        "run: {sizing: '${KEY}'}",
        "run: {sizing: 'equity:${KEY}'}",
        "run: {rebalance: '${KEY}'}",
        "run: {fill_at: '${KEY}'}",
        "run: {exits: {stop_loss: '${KEY}'}}",
        "run: '${KEY}'",
        "risk_rules: '${KEY}'",
        "nowhere: '${KEY}'",
        f"run: {{api_key: {HUSH}}}",
        f"broker: {{password: {HUSH}}}",
        f"broker: {{accounts: [{{access_token: {HUSH}}}]}}",
        f"api-key: {HUSH}",
        f"BROKER_TOKEN: {HUSH}",
        f"secrets: {{mine: {HUSH}}}",
        f"secrets: {HUSH}",
        f"secrets: [{HUSH}]",
        f"secrets: {{mine: [{HUSH}]}}",
        f"secrets: {{mine: 'x${{KEY}}{HUSH}'}}",
        f"api_key: '{HUSH}",
        f"api_key: *{HUSH}",
        f"api_key: !{HUSH} x",
        f"password: {HUSH}: {HUSH}",
        f"run: {HUSH}",
    ],
)
def test_no_way_of_being_wrong_prints_a_secret(written, tulya, monkeypatch, text):
    written(text + "\n")
    monkeypatch.setenv("KEY", HUSH)
    with pytest.raises(ConfigError) as caught:
        load_config()
    printed = "".join(traceback.format_exception(caught.value))
    assert HUSH not in printed
    assert HUSH not in repr(caught.value)
    assert caught.value.__cause__ is None
    for words in (("config", "show"), ("config", "check"), ("config", "check", "--json"), ("data", "list")):
        done = tulya(*words)
        assert 1 == done.code
        assert HUSH not in done.out + done.err


def test_a_literal_secret_is_refused_with_the_fix(written):
    written(f"secrets: {{upstox.api_key: {HUSH}}}\n")
    with pytest.raises(ConfigError, match=r"write api_key: \$\{UPSTOX_API_KEY\} and set that environment variable"):
        load_config()


def test_the_schema_agrees_with_what_is_refused(home, tulya):
    validator = pytest.importorskip("jsonschema").Draft202012Validator(json.loads(tulya("config", "schema").out))
    for text, good in [
        ((Path(__file__).resolve().parents[2] / "config" / "trading.yaml").read_text(), True),
        ("run: {capital: '${KEY}', exits: {stop_loss: 5%, trail: }}", True),
        ("run: {capital: -1}", False),
        ("run: {capitl: 1}", False),
        ("run: {validity: NEVER}", False),
        ("databse: x", False),
    ]:
        assert good == validator.is_valid(yaml.safe_load(text)), text


def test_the_schema_describes_every_key(tulya, home):
    described = json.loads(tulya("config", "schema").out)
    assert set(Config.model_fields) == set(described["properties"])
    assert described["additionalProperties"] is False
    assert "rupees" in described["$defs"]["Settings"]["properties"]["capital"]["description"]
    done = tulya("config", "schema", "--out", "config/trading.schema.json")
    assert "# yaml-language-server: $schema=trading.schema.json" in done.out
    assert described == json.loads((home / "config" / "trading.schema.json").read_text())
