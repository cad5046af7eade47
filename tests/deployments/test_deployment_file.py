"""A deployment's file: read whole, or every mistake at once with its key; never a traceback."""

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from framework.deployments.deployment_file import DeploymentError, find_deployment, parse_deployment, read_deployment
from framework.errors import ConfigError
from framework.live.deployment import Reaction, Stage, session_name

ROOT = Path(__file__).resolve().parents[2]
FILE = Path("morning.yaml")
TEXT = """
name: morning
stage: paper
account: main
strategies:
  - name: rsi
    strategy: rsi
    parameters: {period: 7}
    symbols: [NSE:A, NSE:B]
    timeframe: 60min
    when_feed_lost: hold
    when_halted: flatten
    run:
      capital: 250000
      square_off: 15:15
      product: MIS
      exits: {stop_loss: 5%}
  - name: trend
    strategy: macd
    symbols: NSE:C
    timeframe: 1d
    when_feed_lost: cancel_entries
    when_halted: cancel_entries
    run: {capital: 50000.5}
feed: {kind: replay}
send:
  max_order_value: 100000
  max_order_quantity: 1000
  price_band_percent: 5
  reference_age_s: 5
  max_jump_percent: 10
  max_open_value: 100000
  max_position_value: 100000
  max_gross_value: 100000
  funds_age_s: 60
  duplicate_s: 2
  orders_per_second: 5
  cancels_per_second: 5
  orders_per_minute: 10
  orders_per_day: 100
"""


def parsed(text=TEXT):
    return parse_deployment(text, FILE)


def problems(text):
    with pytest.raises(DeploymentError) as error:
        parsed(text)
    return list(error.value.problems)


def test_a_file_is_read_with_the_defaults_that_it_leaves_out():
    deployment = parsed()
    rsi, trend = deployment.strategies
    assert ("morning", Stage.PAPER, "main", FILE) == (
        deployment.name, deployment.stage, deployment.account, deployment.file,
    )  # fmt: skip
    assert {"period": 7, "oversold": 30.0, "overbought": 70.0} == rsi.parameters
    assert (("NSE:A", "NSE:B"), "1h", Reaction.HOLD, Reaction.FLATTEN) == (
        rsi.symbols, rsi.timeframe, rsi.when_feed_lost, rsi.when_halted,
    )  # fmt: skip
    assert (250_000.0, "15:15", "5%", "equity:95%") == (
        rsi.settings.capital, str(rsi.settings.square_off), str(rsi.settings.exits.stop_loss), str(rsi.settings.sizing),
    )  # fmt: skip
    assert (("NSE:C",), ()) == (trend.symbols, trend.risk_rules)
    assert 25_000_000 + 5_000_050 == deployment.capital_paise
    assert ("NSE:A", "NSE:B", "NSE:C") == deployment.symbols
    assert (5, 1000, 2.0) == (
        deployment.send.orders_per_second, deployment.send.max_order_quantity, deployment.feed.grace_s,
    )  # fmt: skip
    assert ("bars", 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1) == deployment.paper
    assert 7 == rsi.instance().period
    assert hashlib.sha256((ROOT / "strategies/rsi.py").read_bytes()).hexdigest() == rsi.source_sha256


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_the_hash_of_the_file_is_of_its_bytes(tmp_path, line_end):
    file = tmp_path / "morning.yaml"
    file.write_bytes(b"\xef\xbb\xbf" + TEXT.replace("\n", line_end).encode())  # with the mark of some editors
    deployment = read_deployment(file)
    assert hashlib.sha256(file.read_bytes()).hexdigest() == deployment.file_sha256
    assert parsed().sha256 == deployment.sha256


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("name: morning", "# a comment\nname: 'morning'"),
        ("timeframe: 60min", "timeframe: 1h"),
        ("capital: 250000", "capital: 2.5e5"),
        ("{period: 7}", "{oversold: 30, period: 7}"),
        ("feed: {kind: replay}", "feed: {kind: replay, grace_s: 2}\npaper:"),
    ],
)
def test_another_spelling_of_the_same_values_has_the_same_hash(before, after):
    again = parsed(TEXT.replace(before, after))
    assert parsed().sha256 == again.sha256
    assert parsed().file_sha256 != again.file_sha256


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("{period: 7}", "{period: 8}"),
        ("NSE:C", "NSE:D"),
        ("capital: 250000", "capital: 250001"),
        ("when_halted: flatten", "when_halted: hold"),
        ("orders_per_day: 100", "orders_per_day: 101"),
        ("feed: {kind: replay}", "feed: {kind: replay}\npaper: {seed: 2}"),
        ("account: main", "account: other"),
    ],
)
def test_every_value_is_in_the_hash(before, after):
    assert parsed().sha256 != parsed(TEXT.replace(before, after)).sha256


def test_every_mistake_is_named_at_once_with_its_key():
    text = (
        TEXT.replace("account: main", "acount: main")
        .replace("{period: 7}", "{perid: 7}")
        .replace("    when_halted: flatten\n", "")
        .replace("stop_loss: 5%", "stop_los: 5%")
        .replace("strategy: macd", "strategy: mcad")
        .replace("kind: replay", "kind: live")
        .replace("max_order_value: 100000", "max_order_value: 0")
    )
    found = problems(text)
    assert 8 == len(found)
    for start, end in [
        ("morning.yaml: account is missing; write account: ", ""),
        ("morning.yaml: unknown key acount; did you mean account?", ""),
        ("morning.yaml: strategies.0.when_halted is missing; ", "hold | cancel_entries | flatten"),
        ("morning.yaml: unknown key strategies.0.run.exits.stop_los; did you mean stop_loss?", ""),
        ("morning.yaml: feed.kind = 'live': input should be 'replay'", ""),
        ("morning.yaml: send.max_order_value = 0: input should be greater than 0", ""),
        (
            "morning.yaml: strategies.1.strategy: no strategy is called 'mcad'; did you mean macd?",
            "(a file of your own is given as ./file.py or ./file.py:Class)",
        ),
        ("morning.yaml: strategies.0.parameters: RSI has no parameter 'perid'; did you mean 'period'?", ""),
    ]:
        assert [start] == [start for one in found if one.startswith(start) and one.endswith(end)], found


MISTAKES = [
    (
        "name: morning",
        "name: good morning",
        (
            "name = 'good morning': 'good morning' cannot be a name; "
            "use at most 30 letters, digits, - and _, such as morning"
        ),
    ),
    ("stage: paper", "stage: live", "stage = 'live': input should be 'paper'"),
    ("name: trend", "name: rsi", "two strategies are called rsi; give each a name of its own"),
    (
        "capital: 250000",
        "leverage: 1",
        "strategies.0.run: capital is missing: a deployment has no default for it, write capital: 100000 (rupees)",
    ),
    ("NSE:B", "NSE:A", "strategies.0.symbols: NSE:A is in the list more than once"),
    ("NSE:B", "NSE:*", "strategies.0.symbols: 'NSE:*' is no symbol; write each one out, such as NSE:INFY"),
    (
        "timeframe: 60min",
        "timeframe: soon",
        (
            "strategies.0.timeframe = 'soon': timeframe 'soon' is not understood; "
            "write a number and m, h or d, such as 1m, 15m, 1h, 1d, or 1w for weeks and 1M for months"
        ),
    ),
    (
        "timeframe: 60min",
        "timeframe: 1M",
        (
            "strategies.0.timeframe = '1M': 1M bars can be backtested only; trade daily ones and gather them with "
            "bars.to('1M')"
        ),
    ),
    (
        "  orders_per_minute: 10\n  orders_per_day: 100\n",
        "",
        "send: orders_per_minute, orders_per_day missing: they have no defaults, set each of them",
    ),
    (
        "{capital: 50000.5}",
        "{capital: .nan}",
        "strategies.1.run.capital = nan: input should be less than or equal to 1000000000000",
    ),
    (
        "{capital: 50000.5}",
        "{capital: 5, rebalance: band:5}",
        "strategies.1.run: rebalance is only for strategies that write allocate(); MACD writes signals(): leave it out",
    ),
    (
        "feed: {kind: replay}",
        "feed: {kind: replay}\npaper: {rejects: 1.5}",
        "paper.rejects = 1.5: input should be less than or equal to 1",
    ),
    (
        "    timeframe: 1d",
        "    timeframe: 1d\n    risk_rules: [nowhere.py:rule]",
        "strategies.1.risk_rules: there is no file nowhere.py",
    ),
]


@pytest.mark.parametrize(("before", "after", "sentence"), MISTAKES)
def test_a_mistake_is_one_sentence(before, after, sentence):
    assert [f"morning.yaml: {sentence}"] == problems(TEXT.replace(before, after))


UNREADABLE = [
    ("name: a\nname: b", " cannot be read: the key name stands there twice; join the two (line 2, column 1)"),
    (
        "strategies:\n  - {name: a, name: b}",
        " cannot be read: the key name stands there twice; join the two (line 2, column 15)",
    ),
    ("- a", " holds a list; it should hold keys such as name: and strategies:"),
    ("a: 2015-13-45", " cannot be read: it holds a date or a number that there is not"),
    ("[" * 1500, " cannot be read: its lists and keys lie too deep in each other"),
]


@pytest.mark.parametrize(("text", "sentence"), UNREADABLE)
def test_what_is_no_deployment_at_all_is_one_sentence(text, sentence):
    with pytest.raises(ConfigError) as error:
        parsed(text)
    assert f"morning.yaml{sentence}" == str(error.value)


@pytest.mark.parametrize("key", ["when_feed_lost", "when_halted"])
def test_the_reactions_are_never_implied(key):
    lines = [line for line in TEXT.splitlines() if not line.strip().startswith(f"{key}:")]
    found = problems("\n".join(lines))
    assert [f"morning.yaml: strategies.{place}.{key} is missing" for place in (0, 1)] == [
        one.partition(";")[0] for one in found
    ]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8) | st.integers(), inner, max_size=3),
    max_leaves=6,
)


def places(value, path=()):
    yield path
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, member in members:
        yield from places(member, (*path, key))


PLACES = list(places(yaml.safe_load(TEXT)))


def outcome(content):
    """What is wrong with these values; empty where nothing is."""
    try:
        parsed(yaml.safe_dump(content, allow_unicode=True))
    except ConfigError as error:
        return str(error).split("\n")
    return []


@given(st.sampled_from(PLACES), json_values)
def test_any_value_at_any_place_is_read_or_named(place, value):
    holder = [yaml.safe_load(TEXT)]
    inner = holder
    for part in (0, *place)[:-1]:
        inner = inner[part]
    inner[(0, *place)[-1]] = value
    assert [] == [line for line in outcome(holder[0]) if not line.startswith("morning.yaml")]


@given(st.sampled_from([place for place in PLACES if place]))
def test_any_key_that_is_left_out_is_read_or_named_once(place):
    content = yaml.safe_load(TEXT)
    inner = content
    for part in place[:-1]:
        inner = inner[part]
    del inner[place[-1]]
    found = outcome(content)
    assert sorted(set(found)) == sorted(found)
    optional = len(place) > 2 or place in {("strategies", 0), ("strategies", 1)}
    assert found or optional


@given(st.text(alphabet="abk:-[]{}&*!|>'\"%@`#,?<= \n\t0.1_é\x00", max_size=60))
def test_any_text_is_a_sentence_and_no_traceback(text):
    with pytest.raises(ConfigError, match=r"^morning\.yaml"):
        parsed(text)


names = st.text(alphabet="abcXYZ012-_", min_size=1, max_size=30)


@given(names, names, names)
def test_a_sessions_name_is_twelve_letters_and_digits(account, deployment, strategy):
    name = session_name(account, deployment, strategy)
    assert (12, True, "ty") == (len(name), name.isascii() and name.isalnum(), name[:2])


@given(st.lists(st.tuples(names, names, names), min_size=2, max_size=30, unique=True))
def test_sessions_of_other_strategies_have_other_names(keys):
    assert len(keys) == len({session_name(*key) for key in keys})


def test_a_sessions_name_stays_what_it_is():
    # sha256 and base32 by coreutils: printf 'main\0morning\0rsi' | sha256sum | xxd -r -p | base32
    assert "tythgtwycv2g" == session_name("main", "morning", "rsi")
    assert "tythgtwycv2g" == parsed().strategies[0].session


def test_a_deployment_is_found_by_its_file_and_by_its_name(tmp_path):
    (tmp_path / "one.yaml").write_text(TEXT, encoding="utf-8")
    (tmp_path / "broken.yml").write_text("name: broken", encoding="utf-8")
    assert "morning" == find_deployment(str(tmp_path / "one.yaml")).name
    assert tmp_path / "one.yaml" == find_deployment("morning", tmp_path).file
    with pytest.raises(ConfigError, match="is called 'mornin'; did you mean morning"):
        find_deployment("mornin", tmp_path)
    (tmp_path / "two.yaml").write_text(TEXT, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"one\.yaml and .*two\.yaml are both called morning; give the file"):
        find_deployment("morning", tmp_path)


def test_the_types_of_a_deployment_load_no_library():
    program = (
        "import sys\nimport framework.live.deployment\n"
        "print(sorted({'pydantic', 'yaml', 'numpy', 'pandas', 'numba', 'talib'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "[]\n" == done.stdout
