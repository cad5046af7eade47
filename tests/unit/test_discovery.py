"""Strategies by name, by module:Class and by file; what is wrong is said in a sentence."""

import hashlib
import importlib
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

import strategies
from framework import Bars, Signals, Strategy, Verdict, backtest
from framework.errors import ConfigError, StrategyError
from framework.types import Order, OrderType, Reason
from framework.types.timeframe import DAY_NS
from framework.usercode import find
from framework.usercode.find import broken_strategies, describe, find_rule, find_strategy, list_strategies, source_hash

ROOT = Path(__file__).resolve().parents[2]
GOOD = """
    from framework import Bars, Signals, Strategy
    import numpy as np

    class {name}(Strategy):
        \"\"\"Always long.

        More text.
        \"\"\"
        period: int = 3

        def signals(self, bars: Bars) -> Signals:
            return Signals(np.ones(len(bars)))
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty working directory; the import path is put back afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    return tmp_path


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(textwrap.dedent(text))
    return path


@pytest.mark.parametrize("name", ["rsi", "RSI", "Rsi", " rsi "])
def test_a_plain_name_finds_the_shipped_class_whatever_its_case(name):
    from strategies.rsi import RSI

    assert find_strategy(name) is RSI


@pytest.mark.parametrize("name", ["buy_and_hold", "buy-and-hold", "BuyAndHold", "BUY_AND_HOLD"])
def test_hyphens_and_underscores_do_not_matter(name):
    assert find_strategy(name).__name__ == "BuyAndHold"


def test_module_and_class_and_the_path_of_a_shipped_file_are_the_same_class():
    from strategies.rsi import RSI

    assert find_strategy("strategies.rsi:RSI") is RSI
    assert find_strategy(f"{ROOT}/strategies/rsi.py") is RSI
    assert find_strategy(f"{ROOT}/strategies/rsi.py:RSI") is RSI


def test_an_unknown_name_gives_the_nearest_ones():
    with pytest.raises(ConfigError, match="no strategy is called 'rsii'; did you mean rsi"):
        find_strategy("rsii")
    with pytest.raises(ConfigError, match="there are buy_and_hold, grid, macd, momentum, rsi"):
        find_strategy("zzzzzz")


def test_a_file_anywhere_works_with_and_without_its_class(folder):
    path = write(folder / "deep" / "my_strategy.py", GOOD.format(name="MyStrategy"))
    for name in ("./deep/my_strategy.py:MyStrategy", "./deep/my_strategy.py", "deep/my_strategy.py", str(path)):
        assert find_strategy(name).__name__ == "MyStrategy"
    assert find_strategy("./deep/my_strategy.py") is find_strategy(f"{path}:MyStrategy")
    assert find_strategy(str(path)).from_settings({"period": "5"}).period == 5


def test_a_file_in_the_working_directorys_strategies_has_a_plain_name(folder):
    write(folder / "strategies" / "turtle_soup.py", GOOD.format(name="TurtleSoup"))
    write(folder / "strategies" / "_parts.py", "1 / 0")
    write(folder / "strategies" / "test_turtle_soup.py", "1 / 0")
    assert find_strategy("turtle-soup").__name__ == "TurtleSoup"
    assert "turtle_soup" in {each.name for each in list_strategies()}
    assert broken_strategies() == []


def test_the_working_directorys_own_file_comes_before_the_shipped_one(folder):
    own = write(folder / "strategies" / "rsi.py", GOOD.format(name="MyRSI"))
    assert find_strategy("rsi").__name__ == "MyRSI"
    assert {each.path for each in list_strategies() if each.name == "rsi"} == {own.resolve()}


def test_sibling_modules_of_a_users_file_can_be_imported_now_and_later(folder):
    write(folder / "one" / "my_levels.py", "LEVEL = 1")
    write(folder / "one" / "late_sibling.py", "LATE = 'later'")
    text = (
        GOOD.format(name="Mine")
        + "\n        def late(self):\n            from late_sibling import LATE\n            return LATE\n"
    )
    write(folder / "one" / "mine.py", "    from my_levels import LEVEL\n" + text)
    cls = find_strategy("one/mine.py")
    assert sys.modules[cls.__module__].LEVEL == 1
    assert cls().late() == "later"
    assert sys.path[0] != str(folder / "one")


def test_two_folders_may_each_have_a_sibling_of_the_same_name(folder):
    for name, level in (("one", 1), ("two", 2)):
        write(folder / name / "shared_name.py", f"LEVEL = {level}")
        write(folder / name / "mine.py", "    from shared_name import LEVEL\n" + GOOD.format(name="Mine"))
    one, two = find_strategy("one/mine.py"), find_strategy("two/mine.py")
    assert (sys.modules[one.__module__].LEVEL, sys.modules[two.__module__].LEVEL) == (1, 2)


def test_an_edit_is_seen_at_once_even_within_the_same_second_and_of_the_same_length(folder):
    path = write(folder / "edited.py", GOOD.format(name="Edited"))
    before = find_strategy("./edited.py")
    path.write_text(path.read_text().replace("period: int = 3", "period: int = 7"))
    after = find_strategy("./edited.py")
    assert (before().period, after().period) == (3, 7)
    assert source_hash(before) != source_hash(after)


def test_module_and_class_work_from_the_working_directory(folder):
    write(folder / "my_package_x" / "__init__.py", "")
    write(folder / "my_package_x" / "ideas.py", GOOD.format(name="Idea"))
    assert find_strategy("my_package_x.ideas:Idea").__name__ == "Idea"


def test_a_module_that_does_not_exist_is_said_so(folder):
    for name in ("no_such_module:Idea", "no.such.module:Idea", "json.nothing:Idea", ":Idea"):
        with pytest.raises(ConfigError, match="there is no module"):
            find_strategy(name)


def test_a_wrong_class_name_gives_the_nearest(folder):
    write(folder / "mine.py", GOOD.format(name="MyStrategy"))
    with pytest.raises(
        ConfigError, match=r"\./mine\.py has no strategy class 'MyStrateggy'; did you mean 'MyStrategy'"
    ):
        find_strategy("./mine.py:MyStrateggy")
    with pytest.raises(ConfigError, match=r"Bars is no strategy; it must inherit from framework\.Strategy"):
        find_strategy("./mine.py:Bars")
    with pytest.raises(ConfigError, match="Strategy is no strategy"):
        find_strategy("./mine.py:Strategy")


def test_a_file_with_two_strategies_asks_which(folder):
    write(folder / "both.py", GOOD.format(name="One") + GOOD.format(name="Two"))
    with pytest.raises(ConfigError, match=r"\./both\.py defines 2 strategies \(One, Two\); name one: \./both\.py:One"):
        find_strategy("./both.py")
    assert find_strategy("./both.py:Two").__name__ == "Two"


def test_an_imported_strategy_or_a_private_one_is_not_the_files_own(folder):
    imports = "    from strategies.rsi import RSI\n"
    private = GOOD.format(name="_Parent")
    write(folder / "mine.py", imports + private + "\n    class Child(_Parent):\n        '''Child.'''\n")
    assert find_strategy("./mine.py").__name__ == "Child"


def test_a_file_without_a_strategy_says_what_it_needs(folder):
    write(folder / "empty.py", "x = 1")
    with pytest.raises(
        ConfigError, match=r"defines no strategy; it needs a class that inherits from framework\.Strategy"
    ):
        find_strategy("./empty.py")


def test_a_strategy_that_decides_nothing_or_twice_is_refused(folder):
    write(folder / "none.py", "from framework import Strategy\nclass Nothing(Strategy):\n    pass\n")
    with pytest.raises(StrategyError, match="Nothing must define exactly one of signals, allocate, on_bar"):
        find_strategy("./none.py")


def test_a_missing_file_gives_the_nearest_in_its_folder(folder):
    write(folder / "my_strategy.py", GOOD.format(name="MyStrategy"))
    with pytest.raises(ConfigError, match=r"no file \./my_stratgy\.py; did you mean my_strategy\.py"):
        find_strategy("./my_stratgy.py")
    with pytest.raises(ConfigError, match=r"no file \./nowhere/x\.py$"):
        find_strategy("./nowhere/x.py:X")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 1\ndef broken(:\n    pass\n", r"bad\.py, line 2: .*def broken\(:"),
        (
            "import numpy\nimport no_such_library_here\n",
            r"bad\.py, line 2: ModuleNotFoundError: No module named 'no_such",
        ),
        ("x = 1\n\n\ny = x / 0\n", r"bad\.py, line 4: ZeroDivisionError: division by zero"),
        ("raise SystemExit(3)\n", r"bad\.py, line 1: SystemExit: 3"),
        ("raise ValueError\n", r"bad\.py, line 1: ValueError: no message"),
        ("import numpy as np\nnp.zeros(3).reshape(2, 2)\n", r"bad\.py, line 2: ValueError: cannot reshape"),
        ("from framework import Strategy\nclass A(Strategy):\n    period = 3\n", r"bad\.py, line 2: PydanticUserError"),
    ],
)
def test_a_broken_file_is_named_with_its_line(folder, text, message):
    (folder / "bad.py").write_text(text)
    with pytest.raises(StrategyError, match=message):
        find_strategy("./bad.py")
    with pytest.raises(StrategyError, match=message):  # and again, not a half-loaded module
        find_strategy("./bad.py")


def test_an_error_in_a_sibling_names_the_siblings_line(folder):
    write(folder / "bad_sibling.py", "x = 1\ny = 1 / 0\n")
    write(folder / "mine.py", "import bad_sibling\n")
    with pytest.raises(StrategyError, match=r"bad_sibling\.py, line 2: ZeroDivisionError"):
        find_strategy("./mine.py")


def test_an_error_in_a_module_named_by_its_dotted_name_is_named_too(folder):
    write(folder / "bad_module_x.py", "x = 1\ny = 1 / 0\n")
    with pytest.raises(StrategyError, match=r"bad_module_x\.py, line 2: ZeroDivisionError"):
        find_strategy("bad_module_x:Idea")


def test_a_broken_file_among_the_strategies_does_not_hide_the_others(folder):
    write(folder / "strategies" / "broken.py", "x = 1 / 0\n")
    assert {"rsi", "macd"} <= {each.name for each in list_strategies()}
    (broken,) = broken_strategies()
    assert broken.name == "broken"
    assert "line 1: ZeroDivisionError" in broken.reason


@pytest.fixture
def added(tmp_path, monkeypatch):
    """Writes a file into a folder that takes the part of the project's own ``strategies``."""
    monkeypatch.setattr(find, "SHIPPED", tmp_path)
    monkeypatch.setattr(strategies, "__path__", [*strategies.__path__, str(tmp_path)])
    written = []

    def add(name, text):
        written.append(write(tmp_path / name, text))
        importlib.invalidate_caches()
        return written[-1]

    yield add
    for path in written:
        sys.modules.pop(f"strategies.{path.stem}", None)


def test_a_file_added_to_the_projects_strategies_is_found_and_an_edit_is_seen(added):
    path = added("added_by_a_test.py", GOOD.format(name="Added"))
    first = find_strategy("added-by-a-test")
    assert first.__module__ == "strategies.added_by_a_test"
    assert find_strategy("added_by_a_test") is first
    before = source_hash(first)
    path.write_text(path.read_text().replace("period: int = 3", "period: int = 7"))
    second = find_strategy("added_by_a_test")
    assert (first().period, second().period) == (3, 7)
    assert before == source_hash(first) != source_hash(second)


def test_a_broken_file_in_the_projects_strategies_is_named_with_its_line(added):
    added("broken_by_a_test.py", "x = 1\ndef broken(:\n")
    with pytest.raises(StrategyError, match=r"broken_by_a_test\.py, line 2: "):
        find_strategy("broken_by_a_test")
    assert [each.name for each in broken_strategies()] == ["broken_by_a_test"]


def test_another_package_called_strategies_hides_nothing(folder):
    write(folder / "strategies" / "__init__.py", "")
    write(folder / "strategies" / "mine.py", GOOD.format(name="Mine"))
    write(folder / "strategies" / "macd.py", GOOD.format(name="OtherMACD"))
    code = (
        "import strategies, sys; from framework.usercode.find import find_strategy;"
        f"print(find_strategy('rsi').__name__, find_strategy('mine').__name__, find_strategy('macd').__name__,"
        f" find_strategy({str(ROOT / 'strategies' / 'macd.py')!r}).__name__)"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(folder), str(ROOT)])}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["RSI", "Mine", "OtherMACD", "MACD"]


def test_a_file_that_is_not_python_is_refused(folder):
    write(folder / "notes.txt", "x = 1")
    with pytest.raises(ConfigError, match=r"notes\.txt is not a Python file"):
        find_strategy("./notes.txt")


def test_the_list_tells_style_summary_and_parameters_with_bounds():
    rsi = next(each for each in list_strategies() if each.name == "rsi")
    assert (rsi.class_name, rsi.style) == ("RSI", "signals")
    assert rsi.summary.startswith("Buys weakness")
    assert "\n" not in rsi.summary
    assert rsi.path == ROOT / "strategies" / "rsi.py"
    assert [tuple(each) for each in rsi.parameters] == [
        ("period", 14, "≥ 2, ≤ 100", "bars"),
        ("oversold", 30.0, "> 0, < 50", "RSI points"),
        ("overbought", 70.0, "> 50, < 100", "RSI points"),
    ]


def test_every_shipped_strategy_has_a_summary_and_describes_every_parameter():
    shipped = [each for each in list_strategies() if each.path.parent == ROOT / "strategies"]
    assert len(shipped) >= 5
    for each in shipped:
        assert each.summary.endswith("."), each.name
        for parameter in each.parameters:
            assert parameter.description, f"{each.name}.{parameter.name}"
            assert parameter.bounds, f"{each.name}.{parameter.name}"


def test_the_source_hash_is_that_of_the_file_that_defines_the_class(folder):
    file = (ROOT / "strategies" / "rsi.py").read_bytes()
    assert source_hash(find_strategy("rsi")) == hashlib.sha256(file).hexdigest()
    path = write(folder / "mine.py", GOOD.format(name="Mine"))
    loaded = path.read_bytes()
    cls = find_strategy("./mine.py")
    path.write_text("edited = 'after it was loaded'\n")
    assert source_hash(cls) == hashlib.sha256(loaded).hexdigest()


def defined_without_a_file(body):
    names = {"__name__": "no_module_of_this_name", "Strategy": Strategy}
    exec(f"class Typed(Strategy):\n    def signals(self, bars):\n        return {body}\n", names)  # noqa: S102 - as a prompt does
    return names["Typed"]


def test_a_class_without_a_file_is_hashed_by_its_own_code():
    one, same, other = (source_hash(defined_without_a_file(body)) for body in ("bars", "bars", "bars.close"))
    assert one == same
    assert one != other
    assert len(one) == 64


def test_a_class_without_a_docstring_has_no_summary_of_its_parents():
    class Silent(Strategy):
        def signals(self, bars):
            return bars

    assert describe(Silent, "silent", Path("silent.py")).summary == ""


RULES = """
    from framework import Rule, Verdict

    class NoMondays(Rule):
        def pre_order(self, order, state):
            return Verdict(0, "monday")

    class Duck:
        def pre_order(self, order, state):
            return Verdict(order.quantity)

        def post_fill(self, settlement, state):
            pass

        def on_state(self, state):
            pass
"""


def test_a_risk_rule_is_found_in_a_file_and_in_a_module(folder):
    write(folder / "my_rules_x.py", RULES)
    assert find_rule("./my_rules_x.py:NoMondays").__name__ == "NoMondays"
    assert find_rule("my_rules_x:Duck").__name__ == "Duck"
    write(folder / "one_rule.py", "from framework import Rule\nclass Mine(Rule):\n    pass\n")
    assert find_rule("./one_rule.py").__name__ == "Mine"


FUNCTIONS = """
    from framework import Rule, Verdict

    def no_shorts(order, state):
        return Verdict(max(order.quantity, 0), "no_shorts")

    def answers_nothing(order, state):
        pass

    def answers_a_fraction(order, state):
        return Verdict(order.quantity / 2)

    def answers_yes(order, state):
        return True

    def stumbles(order, state):
        return Verdict(order.qty)

    def of_one(order):
        return Verdict(0)

    def of_three(order, state, more):
        return Verdict(0)

    def of_three_at_will(order, state, more=1, *others, **named):
        return Verdict(order.quantity)

    async def later(order, state):
        return Verdict(0)

    def by_and_by(order, state):
        yield Verdict(0)
"""


def test_a_function_is_a_risk_rule_of_its_name(folder):
    write(folder / "own_rules.py", FUNCTIONS)
    for name in ("./own_rules.py:no_shorts", "own_rules:no_shorts"):
        rule = find_rule(name)()
        assert type(rule).__name__ == "no_shorts"
        order = Order(0, 0, 10, OrderType.MARKET, Reason.SIGNAL, reduces=False, decided_at=0)
        assert rule.pre_order(order, None) == Verdict(10, "no_shorts")
        assert rule.pre_order(order._replace(quantity=-10), None) == Verdict(0, "no_shorts")
        rule.post_fill(None, None)
        rule.on_state(None)
    assert find_rule("./own_rules.py:of_three_at_will")().pre_order(order, None) == Verdict(10)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "of_one",
            r"own_rules\.py: of_one\(order\) is no risk rule: too many positional arguments; write it as def of_one",
        ),
        ("of_three", r"of_three\(order, state, more\) is no risk rule: missing a required argument: 'more'"),
        (
            "later",
            r"is no risk rule: it must answer at once, without async or yield; write it as def later\(order, state\)",
        ),
        ("by_and_by", "it must answer at once"),
        ("no_short", r"has no risk rule 'no_short'; did you mean 'no_shorts'\?"),
        ("Nowhere", "no risk rule class 'Nowhere'"),
    ],
)
def test_a_function_that_cannot_be_asked_is_refused_in_a_sentence(folder, name, message):
    write(folder / "own_rules.py", FUNCTIONS)
    with pytest.raises(ConfigError, match=message):
        find_rule(f"./own_rules.py:{name}")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("answers_nothing", r"risk rule answers_nothing answered None to an order of \+10; it must return Verdict\("),
        ("answers_a_fraction", r"answered Verdict\(quantity=5\.0, reason=''\) to an order"),
        ("answers_yes", "answered True to an order"),
        (
            "stumbles",
            r"own_rules\.py, line 17: risk rule stumbles raised AttributeError: 'Order' object has no attribute 'qty'",
        ),
    ],
)
def test_a_function_that_answers_wrongly_stops_the_run_in_a_sentence(folder, name, message):
    write(folder / "own_rules.py", FUNCTIONS)
    order = Order(0, 0, 10, OrderType.MARKET, Reason.SIGNAL, reduces=False, decided_at=0)
    with pytest.raises(StrategyError, match=message):
        find_rule(f"./own_rules.py:{name}")().pre_order(order, None)


def test_a_run_asks_a_function_of_the_users_own_and_the_compiled_engine_refuses_it(folder):
    write(folder / "own_rules.py", FUNCTIONS)
    rule = find_rule("./own_rules.py:no_shorts")()
    bars = Bars.from_arrays("X", "1d", [DAY_NS * day for day in range(4)], *[[100.0] * 4] * 4, [1.0] * 4)

    class Short(Strategy):
        def signals(self, bars):
            return Signals(np.full(len(bars), -1.0))

    result = backtest(Short, bars, rules=[rule], causality="off")
    assert {(entry.verdict, entry.why) for entry in result.record.orders} == {(Verdict(0, "no_shorts"), "no_shorts")}
    assert result.record.rules == ("no_shorts",)
    with pytest.raises(ConfigError, match="no_shorts"):
        backtest(Short, bars, rules=[rule], engine="compiled", causality="off")


def test_a_risk_rule_that_is_none_is_refused_in_a_sentence(folder):
    write(folder / "my_rules.py", RULES)
    for name, message in (
        ("./my_rules.py", r"defines 2 risk rules \(NoMondays, Duck\); name one: \./my_rules\.py:NoMondays"),
        ("./my_rules.py:NoMonday", "no risk rule class 'NoMonday'; did you mean 'NoMondays'"),
        ("./my_rules.py:Rule", "Rule is no risk rule; it must inherit from framework.Rule"),
        ("my_rules", "neither a file nor module:Class"),
        ("strategies.rsi:RSI", "RSI is no risk rule"),
    ):
        with pytest.raises(ConfigError, match=message):
            find_rule(name)


def test_finding_a_strategy_by_name_loads_no_other_strategy_and_no_engine():
    code = (
        "import sys; from framework.usercode.find import find_strategy; find_strategy('buy_and_hold');"
        "print([name for name in ('talib', 'pandas', 'strategies.rsi', 'framework.engines', 'plotly')"
        " if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
