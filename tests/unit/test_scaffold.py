"""``tulya new strategy`` writes a file that works and a test that passes, and never overwrites."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from framework.cli.strategies import new_app, strategies_command
from framework.errors import ConfigError
from framework.usercode.find import find_strategy
from framework.usercode.scaffold import checked_name, new_strategy

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("name", "stem", "cls"),
    [
        ("my_idea", "my_idea", "MyIdea"),
        ("my idea", "my_idea", "MyIdea"),
        ("My-Idea", "my_idea", "MyIdea"),
        ("MyIdea", "my_idea", "MyIdea"),
        ("rsi2", "rsi2", "Rsi2"),
        ("RSI2", "rsi2", "RSI2"),
        (" orb15 ", "orb15", "Orb15"),
    ],
)
def test_a_name_gives_file_and_class(name, stem, cls):
    assert checked_name(name) == (stem, cls)


@pytest.mark.parametrize("name", ["", "2fast", "a/b", "../up", "naïve!", "class", "x.py", "_hidden", "a\nb?"])
def test_a_name_that_is_none_is_refused(name):
    with pytest.raises(ConfigError, match="cannot name a strategy; use letters, digits and _"):
        checked_name(name)


@pytest.mark.parametrize("name", ["talib", "random", "numpy", "framework", "Statistics"])
def test_a_name_that_would_hide_a_module_is_refused(name):
    with pytest.raises(ConfigError, match=f"such as my_{name.lower()}"):
        checked_name(name)


def test_a_name_that_pytest_would_collect_is_refused():
    with pytest.raises(ConfigError, match="taken for a test"):
        checked_name("test_idea")


def test_the_strategy_is_found_and_its_test_passes(tmp_path):
    strategy, test = new_strategy("turtle soup", tmp_path)
    assert (strategy, test) == (tmp_path / "turtle_soup.py", tmp_path / "test_turtle_soup.py")
    assert find_strategy(str(strategy)).__name__ == "TurtleSoup"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", "/dev/null", str(test)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout


def test_the_test_of_a_strategy_in_strategies_goes_to_the_tests_beside_it(tmp_path):
    (tmp_path / "strategies").mkdir()
    (tmp_path / "tests").mkdir()
    strategy, test = new_strategy("my_idea", tmp_path / "strategies")
    assert (strategy, test) == (tmp_path / "strategies" / "my_idea.py", tmp_path / "tests" / "test_my_idea.py")
    assert '/../strategies/my_idea.py:MyIdea"' in test.read_text()
    compile(test.read_text(), str(test), "exec")


def test_both_files_are_formatted_and_free_of_lint(tmp_path):
    ruff = Path(sys.executable).with_name("ruff")
    if not ruff.exists():
        pytest.skip("ruff is not installed beside this Python")
    (tmp_path / "tests").mkdir()
    (tmp_path / "framework").symlink_to(ROOT / "framework")  # by which ruff knows the project's own imports
    (tmp_path / "strategies").mkdir()
    (tmp_path / "strategies" / "__init__.py").touch()
    new_strategy("my_idea", tmp_path / "strategies")
    (tmp_path / "pyproject.toml").write_bytes((ROOT / "pyproject.toml").read_bytes())
    for command in (["check"], ["format", "--check"]):
        done = subprocess.run(
            [ruff, *command, "--no-cache", "strategies/my_idea.py", "tests/test_my_idea.py"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("existing", ["my_idea.py", "test_my_idea.py"])
def test_nothing_is_overwritten_and_nothing_half_written(tmp_path, existing):
    (tmp_path / existing).write_text("precious")
    with pytest.raises(ConfigError, match=f"{existing} exists already and is left as it is"):
        new_strategy("my_idea", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [existing]
    assert (tmp_path / existing).read_text() == "precious"


# the commands ----------------------------------------------------------------------------------------------------


@pytest.fixture
def app():
    app = typer.Typer()
    app.command("strategies")(strategies_command)
    app.add_typer(new_app)
    return app


def test_the_table_shows_every_strategy_with_its_parameters(app):
    shown = CliRunner().invoke(app, ["strategies"], env={"COLUMNS": "160"})
    assert shown.exit_code == 0
    for text in ("buy_and_hold", "allocate", "on_bar", "period = 14", "oversold", "Buys weakness"):
        assert text in shown.output


def test_json_is_one_object_with_defaults_as_numbers(app):
    shown = CliRunner().invoke(app, ["strategies", "--json"])
    told = json.loads(shown.output)
    assert told["broken"] == []
    rsi = next(each for each in told["strategies"] if each["name"] == "rsi")
    assert rsi["parameters"][0] == {"name": "period", "default": 14, "bounds": "≥ 2, ≤ 100", "description": "bars"}


def test_a_broken_file_is_told_under_the_table(app, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "strategies").mkdir()
    (tmp_path / "strategies" / "broken.py").write_text("[1] / 0\n")
    shown = CliRunner().invoke(app, ["strategies"], env={"COLUMNS": "300"})
    assert "broken cannot be used: " in shown.output
    assert "line 1: TypeError" in shown.output


def test_new_strategy_prefers_the_strategies_folder_and_says_what_to_do_next(app, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    first = CliRunner().invoke(app, ["new", "strategy", "my_idea"])
    assert "tulya backtest ./my_idea.py --symbols SP500" in first.output
    assert (tmp_path / "my_idea.py").is_file()
    (tmp_path / "strategies").mkdir()
    second = CliRunner().invoke(app, ["new", "strategy", "my_idea"])
    assert "wrote strategies/my_idea.py and strategies/test_my_idea.py" in second.output
    third = CliRunner().invoke(app, ["new", "strategy", "my_idea", "--folder", "elsewhere/deep"])
    assert (tmp_path / "elsewhere" / "deep" / "test_my_idea.py").is_file()
    assert third.exit_code == 0
