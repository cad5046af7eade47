"""The compiled engine's cache: an edit is seen; two processes at once, or no folder to write, do no harm."""

import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import numba
import pytest

from framework.engines import numba_cache, select
from framework.engines.compilation import compile_engine
from framework.errors import ConfigError

ROOT = Path(__file__).resolve().parents[2]
RUN = """
import json, sys
import numpy as np
from framework.engines import compiled
from framework.engines.numba_cache import cache_folder, is_cached
from framework.engines.rows import DecisionArrays
from framework.types import Bars, Panel, Settings

before = is_cached()
close = np.array([100.0, 101.0, 102.0, 103.0])
bars = Bars.from_arrays("A", "1d", np.arange(4) * 86_400_000_000_000, close, close, close, close)
target = np.array([[1.0], [1.0], [0.0], [0.0]])
settings = Settings.of(sizing="fixed:1", charges="percent:1")
record = compiled.run(Panel.from_bars([bars]), settings, decisions=DecisionArrays(target))
print(json.dumps({"before": before, "after": is_cached(), "folder": str(cache_folder()),
                  "cash": int(record.cash_paise[-1])}))
"""


@pytest.fixture
def project(tmp_path):
    """A copy of the packages, so that a rule can be edited."""
    for name in ("framework", "strategies"):
        shutil.copytree(ROOT / name, tmp_path / "project" / name, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path / "project"


def start(project: Path, cache: Path) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(project), "TULYA_CACHE": str(cache), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.Popen(
        [sys.executable, "-c", RUN],
        cwd=project,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str]) -> dict:
    out, err = process.communicate(timeout=300)
    assert 0 == process.returncode, err
    return {**json.loads(out.splitlines()[-1]), "said": err.strip()}


@pytest.mark.slow
def test_an_edit_of_a_rule_is_seen_and_two_processes_at_once_do_no_harm(project, tmp_path):
    cache = tmp_path / "cache"
    both = [start(project, cache), start(project, cache)]
    first, second = (finish(process) for process in both)
    # Bought at 101, sold at 103, 1 % of each: 200 − 101 − 103 paise.
    assert 10_000_000 + 200 - 204 == first["cash"] == second["cash"]
    again = finish(start(project, cache))
    assert (True, first["cash"]) == (again["before"], again["cash"])
    assert first["said"].startswith("Compiling the engine: once for this version of the rules, about half a minute")
    assert again["said"] == ""

    rule = project / "framework" / "rules" / "charges.py"
    line = "return by_rate(value_paise, tariff.brokerage_e8)"
    rule.write_text(rule.read_text().replace(line, line.replace("return", "return 7 +")))
    edited = finish(start(project, cache))
    assert (False, first["cash"] - 14) == (edited["before"], edited["cash"])
    assert first["folder"] != edited["folder"]


def test_without_a_folder_to_write_it_is_compiled_for_this_process_only(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("TULYA_CACHE", str(tmp_path / "file"))
    monkeypatch.setattr(numba_cache.tempfile, "gettempdir", lambda: str(tmp_path / "file"))
    assert numba_cache.cache_folder() is None
    assert not numba_cache.is_cached()


def test_another_numba_and_another_installation_each_have_machine_code_of_their_own(monkeypatch, tmp_path):
    monkeypatch.setenv("TULYA_CACHE", str(tmp_path))
    before, known = numba_cache.cache_folder(), numba_cache.version
    monkeypatch.setattr(numba_cache, "version", lambda name: "999" if name == "numba" else known(name))
    upgraded = numba_cache.cache_folder()
    monkeypatch.setattr(numba_cache, "version", known)
    assert before == numba_cache.cache_folder() != upgraded
    # numba keeps machine code by the path of its source: what one installation compiled, another does not find.
    shutil.copy(numba_cache.__file__, tmp_path / "numba_cache.py")
    monkeypatch.setattr(numba_cache, "__file__", str(tmp_path / "numba_cache.py"))
    assert before != numba_cache.cache_folder()


def test_machine_code_in_a_folder_that_others_can_write_to_is_never_run(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("TULYA_CACHE", str(tmp_path / "file"))
    monkeypatch.setattr(numba_cache.tempfile, "gettempdir", lambda: str(tmp_path))
    shared = tmp_path / f"tulya-{os.getuid()}"
    ours = numba_cache.cache_folder()
    assert (shared, 0o700) == (ours.parent, shared.stat().st_mode & 0o777)
    shared.chmod(0o777)
    assert numba_cache.cache_folder() is None
    shared.rename(tmp_path / "elsewhere")
    shared.symlink_to(tmp_path / "elsewhere")
    assert numba_cache.cache_folder() is None


def test_auto_says_why_a_long_run_goes_bar_by_bar_before_the_engine_is_compiled(monkeypatch, caplog):
    monkeypatch.setattr(numba_cache, "is_cached", lambda: False)
    begun = []
    monkeypatch.setattr(numba_cache, "compile_beside", lambda: begun.append("in a process of its own"))
    select._advise.cache_clear()
    for cells in (select.WORTH_IMPORTING - 1, select.WORTH_IMPORTING, select.WORTH_IMPORTING):
        assert "event" == select.chosen_engine("auto", style="signals", rules=(), cells=cells)
    assert ["The event engine runs this bar by bar" in message for message in caplog.messages] == [True]
    assert ["in a process of its own"] == begun
    assert "compiled" == select.chosen_engine("auto", style="signals", rules=(), cells=select.WORTH_COMPILING)
    monkeypatch.setattr(numba_cache, "is_cached", lambda: True)
    assert "compiled" == select.chosen_engine("auto", style="signals", rules=(), cells=select.WORTH_IMPORTING)
    assert "event" == select.chosen_engine("auto", style="on_bar", rules=(), cells=select.WORTH_IMPORTING)


def test_auto_without_numba_runs_bar_by_bar_and_says_what_would_be_faster(monkeypatch, caplog):
    monkeypatch.setitem(sys.modules, "numba", None)
    select._advise.cache_clear()
    assert "event" == select.chosen_engine("auto", style="signals", rules=(), cells=select.WORTH_COMPILING)
    assert ["pip install 'tulya[research]' makes long runs much faster" in one for one in caplog.messages] == [True]
    sentence = r"needs numba, which is not installed: pip install 'tulya\[research\]'"
    with pytest.raises(ConfigError, match=f"--engine compiled {sentence}"):
        select.chosen_engine("compiled", style="signals", rules=())
    with pytest.raises(ConfigError, match=sentence):
        numba_cache.entry("run_rows")


def test_threads_that_ask_at_once_are_handed_one_compiled_entry(monkeypatch):
    """Numba's folder is a setting of the process: two at once once left machine code in the folder of the day."""
    made = []

    def slowly(**options):
        time.sleep(0.05)
        made.append(numba.config.CACHE_DIR)
        return lambda function: object()

    monkeypatch.setattr(numba, "njit", slowly)
    monkeypatch.setattr(numba_cache, "_compiled", cache(numba_cache._compiled.__wrapped__))
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(numba_cache.entry, ["sink_all"] * 8))
    assert (1, 1) == (len({id(one) for one in found}), len(made))
    assert [str(numba_cache.cache_folder())] == made


def test_after_warmup_neither_a_backtest_nor_a_sweep_compiles():
    compile_engine()
    assert numba_cache.is_cached(*numba_cache.ENTRIES)


@pytest.mark.slow
def test_ctrl_c_ends_the_wait_for_the_compiler_at_once(project, tmp_path):
    process = start(project, tmp_path / "cache")
    assert process.stderr.readline().startswith("Compiling the engine")
    time.sleep(3)  # it is at it: numba alone takes longer to import and compile
    begun = time.monotonic()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert "KeyboardInterrupt" in err
    assert time.monotonic() - begun < 5
    lock = next((tmp_path / "cache").rglob("compiling.lock"))
    with lock.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # nobody compiles on


def test_every_rule_and_every_part_of_the_kernel_is_in_the_hash():
    rules = {path.stem for path in (ROOT / "framework" / "rules").glob("*.py")} - {"__init__"}
    kernel = {path.stem for path in (ROOT / "framework" / "engines" / "kernel").glob("*.py")}
    assert rules - {"note"} == set(numba_cache.RULES)  # a contract note is gathered from fills that are there already
    assert kernel - {"__init__", "layout", "to_records"} == set(numba_cache.KERNEL)
