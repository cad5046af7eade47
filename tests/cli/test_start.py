"""The command line as a whole: help, version, and what is not imported to answer them."""

import inspect
import os
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import typer

from framework import __version__
from framework.cli.app import app

ROOT = Path(__file__).resolve().parents[2]


def test_help_lists_the_commands(tulya):
    done = tulya("--help")
    assert 0 == done.code
    for command in ("data", "backtest", "strategies", "new", "runs", "report"):
        assert command in done.out


def commands(group, path=("tulya",)):
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name), command


def test_every_command_explains_itself_with_examples_that_it_understands():
    """Each is an item of a list, so that it begins a line in a narrow terminal too, and names no option it has not."""
    every = dict(commands(typer.main.get_command(app)))
    assert len(every) > 30
    for path, command in every.items():
        text = inspect.cleandoc(command.help)
        examples = re.findall(r"^- (tulya .*)$", text, re.MULTILINE)
        assert examples != [], path
        assert ("Example:" if len(examples) == 1 else "Examples:") in text
        for example in examples:
            words = shlex.split(example.partition(" && ")[0])
            assert list(path) == words[: len(path)]
            context = command.make_context(path[-1], [], resilient_parsing=True)  # the options of settings come with it
            context.resilient_parsing = False
            command.make_parser(context).parse_args(words[len(path) :])


def test_examples_begin_a_line_in_a_narrow_terminal(tulya, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    lines = [line.strip() for line in tulya("backtest", "--help").out.splitlines()]
    assert 4 == len([line for line in lines if line.startswith("• tulya backtest ")])


def test_version(tulya):
    assert f"tulya {__version__}\n" == tulya("--version").out


def test_python_m_framework_is_tulya():
    done = subprocess.run([sys.executable, "-m", "framework", "--version"], capture_output=True, text=True, check=True)
    assert f"tulya {__version__}\n" == done.stdout


def test_help_loads_no_heavy_library():
    program = (
        "import sys\nfrom framework.cli.app import app\n"
        "heavy = {'numpy', 'pandas', 'pydantic', 'plotly', 'quantstats', 'numba', 'talib', 'jinja2'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "[]\n" == done.stdout


def test_a_backtest_without_report_loads_no_plotting():
    program = (
        "import sys\nfrom framework.backtest import backtest\n"
        "print(sorted({'plotly', 'quantstats', 'matplotlib', 'numba', 'jinja2'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "[]\n" == done.stdout


def test_ctrl_c_is_said_and_exits_with_130(home):
    (home / "slow.py").write_text(
        "import time\nfrom framework import Signals, Strategy\n\n\nclass Slow(Strategy):\n"
        "    def signals(self, bars):\n        print('started', flush=True)\n        time.sleep(60)\n"
    )
    command = [sys.executable, "-m", "framework", "backtest", "./slow.py", "--symbols", "SP500"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        command, cwd=home, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert "started\n" == process.stdout.readline()
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert (130, "\ntulya: interrupted; what was finished is kept\n") == (process.returncode, said)


def test_a_folder_that_cannot_be_written_is_a_sentence(tulya, home):
    (home / "reports").write_text("a file where a folder should be")
    done = tulya("backtest", "rsi", "--symbols", "SP500", "--fills", "reports/fills.csv")
    assert 1 == done.code
    assert done.err.startswith("tulya: reports")


def test_a_new_strategy_says_where_pytest_comes_from(tulya, home):
    out = tulya("new", "strategy", "my_idea").out
    assert "python -m pytest test_my_idea.py   (pytest comes with make test, or with pip install pytest)" in out
