"""The command line as a whole: help, version, and what is not imported to answer them."""

import subprocess
import sys

from framework import __version__


def test_help_lists_the_commands(tulya):
    done = tulya("--help")
    assert 0 == done.code
    for command in ("data", "backtest", "strategies", "new", "runs", "report"):
        assert command in done.out


def test_every_command_explains_itself_with_an_example(tulya):
    for words in (
        ["backtest"],
        ["runs", "list"],
        ["runs", "show"],
        ["runs", "compare"],
        ["report"],
        ["data", "import"],
    ):
        done = tulya(*words, "--help")
        assert 0 == done.code
        assert f"tulya {words[0]}" in done.out


def test_version(tulya):
    assert f"tulya {__version__}\n" == tulya("--version").out


def test_python_m_framework_is_tulya():
    done = subprocess.run([sys.executable, "-m", "framework", "--version"], capture_output=True, text=True, check=True)
    assert f"tulya {__version__}\n" == done.stdout


def test_help_loads_no_heavy_library():
    program = (
        "import sys\nfrom framework.cli.app import app\n"
        "heavy = {'numpy', 'pandas', 'pydantic', 'plotly', 'quantstats', 'numba', 'talib', 'sqlite3'}\n"
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


def test_interrupting_is_said_and_exits_with_130(tulya, monkeypatch):
    from framework.cli import app as module

    def interrupted():
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "app", interrupted)
    done = tulya("backtest")
    assert (130, "tulya: interrupted; what was finished is kept\n") == (done.code, done.err)
