"""The command line imports TA-Lib without pandas, and TA-Lib knows a Series all the same."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BEGIN = "import sys\nfrom framework.cli.talib_alone import import_talib_alone\nimport_talib_alone()\n"


def said(program: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        check=False,
    )
    assert "" == done.stderr
    return done.stdout.strip()


def test_a_backtest_on_the_command_line_loads_no_pandas(home):
    program = (
        "import sys\nfrom framework.cli import main\n"
        "sys.argv = 'tulya backtest rsi --symbols SP500 --from 2018-01-01 --json'.split()\n"
        "try:\n    main()\nfinally:\n    assert 'talib' in sys.modules\n    assert 'pandas' not in sys.modules\n"
    )
    assert '"strategy": "rsi"' in said(program)


def test_a_series_goes_in_and_a_series_with_its_index_comes_out():
    program = BEGIN + (
        "import numpy as np, talib\n"
        "values = 50 + np.cumsum(np.random.default_rng(1).normal(size=60))\n"
        "plain = talib.RSI(values, 14)\n"
        "assert 'pandas' not in sys.modules\n"
        "import pandas as pd\n"
        "series = pd.Series(values, index=pd.date_range('2024-01-01', periods=60))\n"
        "for told in (talib.RSI(series, 14), talib.RSI(real=series, timeperiod=14)):\n"
        "    assert type(told) is pd.Series and told.index.equals(series.index)\n"
        "    assert np.array_equal(plain, told.to_numpy(), equal_nan=True)\n"
        "assert [pd.Series] * 3 == [type(one) for one in talib.MACD(series)]\n"
        "print('same')"
    )
    assert "same" == said(program)


def test_the_abstract_interface_takes_and_gives_frames():
    program = BEGIN + (
        "import numpy as np\nfrom talib import abstract\n"
        "values = 50 + np.cumsum(np.random.default_rng(1).normal(size=60))\n"
        "plain = abstract.MACD({'close': values})\n"
        "assert 'pandas' not in sys.modules\n"
        "import pandas as pd\n"
        "frame = pd.DataFrame({'close': values})\n"
        "told = abstract.MACD(frame)\n"
        "assert type(told) is pd.DataFrame and type(abstract.RSI(frame)) is pd.Series\n"
        "assert np.array_equal(np.column_stack(plain), told.to_numpy(), equal_nan=True)\n"
        "print('same')"
    )
    assert "same" == said(program)


@pytest.mark.parametrize("order", ["import pandas\nimport talib", "import talib\nimport pandas"])
def test_pandas_is_pandas_before_and_after(order):
    program = (
        BEGIN
        + order
        + (
            "\nassert pandas is sys.modules['pandas'] and pandas.__file__ and pandas.Series([1, 2]).sum() == 3\n"
            "assert talib.__spec__.loader is talib.__loader__\n"
            "print(type(talib.SMA(pandas.Series([1.0, 2.0]), 2)).__module__.partition('.')[0])"
        )
    )
    assert "pandas" == said(program)


def test_whoever_asks_the_stand_in_for_anything_else_gets_the_real_pandas():
    """Another thread, say, that imports pandas at the very moment."""
    program = (
        "import sys\nfrom framework.cli.talib_alone import _without_pandas\n"
        "with _without_pandas():\n"
        "    import pandas as stood_in\n"
        "    assert 3 == stood_in.concat([stood_in.Series([1]), stood_in.Series([2])]).sum()\n"
        "import pandas\nprint(pandas.__name__, stood_in is not pandas, 'DataFrame' in dir(pandas))"
    )
    assert "pandas True True" == said(program)


def test_what_is_no_talib_is_found_as_ever():
    from framework.cli.talib_alone import _Finder

    assert _Finder().find_spec("json") is None
    assert _Finder().find_spec("talib.abstract") is None
