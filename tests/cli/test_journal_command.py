"""``tulya backtest --journal``, ``tulya journal``, ``tulya why`` and ``tulya why-not``, as a user would type them."""

import json
from contextlib import closing

import apsw
import pytest

from framework.journal.account_entries import (
    AccountHeader,
    RequestName,
    RunnerState,
    RunStarted,
    RunStopped,
    Sending,
)
from framework.journal.chain import Sealer, seal
from framework.journal.entries import Entry
from framework.store.journal_database import JournalDatabase
from framework.types.codec import canonical

RUN = ("backtest", "rsi", "--symbols", "SP500", "--from", "2008-01-01", "--to", "2008-12-31", "--stop-loss", "5%")


@pytest.fixture
def run(tulya, home):
    """A year of RSI with its journal in ``run.journal``."""
    return json.loads(tulya(*RUN, "--journal", "run.journal", "--json").out)


@pytest.fixture
def lines(run, home):
    return (home / "run.journal").read_bytes().splitlines(keepends=True)


def write(home, lines):
    (home / "run.journal").write_bytes(b"".join(lines))


# ---------------------------------------------------------------------- backtest


def test_a_backtest_writes_its_journal_and_tells_its_head(tulya, home):
    done = tulya(*RUN, "--journal", "journals/rsi.journal")
    assert 0 == done.code
    (line,) = [line for line in done.out.splitlines() if line.startswith("Journal")]
    last = json.loads((home / "journals" / "rsi.journal").read_bytes().splitlines()[-1])
    assert f"Journal     journals/rsi.journal, head {last['sha256']}" == line


def test_the_run_knows_where_its_journal_is(run, home):
    assert str(home / "run.journal") == run["provenance"]["journal"]
    last = json.loads((home / "run.journal").read_bytes().splitlines()[-1])
    assert last["sha256"] == run["provenance"]["journal_head"]


def test_numbers_are_the_same_with_a_journal_and_without(tulya, run):
    plain = json.loads(tulya(*RUN, "--json").out)
    assert plain["stats"] == run["stats"]
    assert "journal" not in plain["provenance"]


@pytest.mark.parametrize("engine", ["compiled", "backtrader"])
def test_other_engines_refuse_in_a_sentence(tulya, home, engine):
    done = tulya(*RUN, "--journal", "run.journal", "--engine", engine)
    assert 1 == done.code
    assert (
        f"tulya: the {engine} engine writes no journal, for it does not go input by input; use --engine event"
        in done.err
    )
    assert not (home / "run.journal").exists()


def test_a_file_that_is_no_journal_is_not_overwritten(tulya, home):
    (home / "notes.txt").write_text("mine\n")
    done = tulya(*RUN, "--journal", "notes.txt")
    assert (1, "tulya: notes.txt exists and is no journal; choose another file\n") == (done.code, done.err)
    assert "mine\n" == (home / "notes.txt").read_text()


# ---------------------------------------------------------------------- show


def test_entries_are_listed_with_what_followed(tulya, run):
    out = tulya("journal", "show", "run.journal", "--acting", "--limit", "3").out
    assert "rsi (overbought=70.0, oversold=30.0, period=14) on SP500" in out
    assert "→ Submit" in out
    assert "… and" in out
    told = json.loads(tulya("journal", "show", "run.journal", "--acting", "--limit", "3", "--json").out)
    assert ["header", "input", "input"] == [entry["kind"] for entry in told["entries"]]
    assert told["entries"][1]["body"]["commands"]
    assert told["more"] > 0


def test_days_choose_entries_by_the_bar_they_are_in(tulya, run):
    out = tulya("journal", "show", "run.journal", "--from", "2008-10-10", "--to", "2008-10-10", "--limit", "99").out
    days = {line.split()[1] for line in out.splitlines()[1:] if line.split()[0].isdigit()}
    assert {"2008-10-10"} == days
    assert "BarOpens" in out
    assert "Decided" in out
    assert "No such entries." in tulya("journal", "show", "run.journal", "--from", "2030-01-01").out


def test_one_entry_is_shown_in_full(tulya, run, lines):
    closes = next(seq for seq, line in enumerate(lines) if b'"BarCloses"' in line)
    out = tulya("journal", "show", "run.journal", "--entry", str(closes)).out
    assert f"Entry       {closes}, BarCloses" in out
    assert "SP500" in out
    told = json.loads(tulya("journal", "show", "run.journal", "--entry", str(closes), "--json").out)
    assert [closes] == [entry["seq"] for entry in told["entries"]]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--entry", "999999"], "run.journal has no entry 999999; tulya journal show run.journal lists what it has"),
        (["--entry", "1", "--acting"], "--entry 1 names one entry; leave out --from, --to and --acting"),
        (["--from", "yesterday"], "--from 'yesterday' is not understood; write a day or a moment, such as --from 2024"),
        (["--from", "2009-01-01", "--to", "2008-01-01"], "--from 2009-01-01 is after --to 2008-01-01; swap the two"),
    ],
)
def test_what_cannot_be_shown_is_a_sentence(tulya, run, words, sentence):
    done = tulya("journal", "show", "run.journal", *words)
    assert 1 == done.code
    assert sentence in done.err


# ---------------------------------------------------------------------- verify


def test_a_whole_journal_verifies(tulya, run, lines):
    done = tulya("journal", "verify", "run.journal")
    assert 0 == done.code
    assert f"Entries     {len(lines):,} sound" in done.out
    assert "Whole       written to its end" in done.out
    told = json.loads(tulya("journal", "verify", "run.journal", "--json").out)
    assert (len(lines), True, None, None) == (told["entries"], told["closed"], told["torn"], told["broken"])


def test_the_head_that_was_noted_proves_the_whole(tulya, run):
    head = run["provenance"]["journal_head"]
    assert 0 == tulya("journal", "verify", "run.journal", "--head", head.upper()).code
    done = tulya("journal", "verify", "run.journal", "--head", "0" * 64)
    assert 4 == done.code
    assert "Other head" in done.out


def test_a_changed_byte_is_named_by_line_and_entry(tulya, run, lines, home):
    write(home, [*lines[:7], lines[7].replace(b"2", b"3", 1), *lines[8:]])
    done = tulya("journal", "verify", "run.journal")
    assert 6 == done.code
    assert (
        "Broken      line 8, entry 7: this entry, its seal or the entry before it was changed after it was written"
        in done.out
    )
    told = json.loads(tulya("journal", "verify", "run.journal", "--json").out)
    assert (8, 7) == (told["broken"]["line"], told["broken"]["seq"])
    assert 6 == tulya("journal", "replay", "run.journal").code


def test_of_a_damaged_journal_the_entries_before_the_damage_are_shown(tulya, run, lines, home):
    write(home, [*lines[:7], *lines[8:]])
    done = tulya("journal", "show", "run.journal")
    assert 6 == done.code
    assert ["0", "1", "2", "3", "4", "5", "6"] == [
        w[0] for line in done.out.splitlines() if (w := line.split()) and w[0].isdigit()
    ]
    assert "Broken      line 8, entry 7: entry 8 stands in its place: what was between was taken out" in done.out
    told = json.loads(tulya("journal", "show", "run.journal", "--json").out)
    assert (7, 8) == (len(told["entries"]), told["broken"]["line"])
    assert 6 == tulya("journal", "show", "run.journal", "--entry", "50").code


def test_a_journal_whose_first_entry_was_changed_shows_nothing_but_that(tulya, run, lines, home):
    write(home, [lines[0].replace(b"SP500", b"SP501"), *lines[1:]])
    done = tulya("journal", "show", "run.journal")
    assert 6 == done.code
    assert done.out.startswith("Journal     run.journal\nBroken      line 1, entry 0: this entry, its seal")


def test_a_torn_line_and_an_unfinished_journal_are_told_apart_from_a_change(tulya, run, lines, home):
    write(home, [*lines[:9], lines[9][:-40]])
    done = tulya("journal", "verify", "run.journal")
    assert (7, True) == (done.code, "Torn        line 10, entry 9:" in done.out)
    write(home, lines[:9])
    done = tulya("journal", "verify", "run.journal")
    assert (7, True) == (done.code, "Unfinished  the writer did not close it" in done.out)
    done = tulya("journal", "replay", "run.journal")
    assert (0, True) == (done.code, "Unfinished  the writer did not close it" in done.out)


# ---------------------------------------------------------------------- the account's


def account_texts(lines, closing=True):
    """The run's entries as an account's journal has them, of a session ``t``."""
    bodies = [json.loads(line) for line in lines]
    first = bodies[0]["at"]
    run = RunStarted("run-1", "morning", "0" * 64, {"tulya": "1"}, ("t",), ("2008-01-02",))
    texts = [Entry(0, first, AccountHeader("paper", "paper")).text(), Entry(1, first, run).text()]
    for one in bodies[:-1]:
        one["body"]["name" if one["kind"] == "header" else "session"] = "t"
        del one["sha256"]
        texts.append(canonical(one | {"seq": len(texts)}))
    sending = Sending("t", "t-1", 1, RequestName.PLACE, "SP500", 10)
    texts.append(Entry(len(texts), bodies[-1]["at"], sending).text())
    if closing:
        texts.append(Entry(len(texts), bodies[-1]["at"], RunStopped("run-1", "replayed", RunnerState.STOPPED)).text())
    return texts


def write_account(home, texts, account="paper"):
    sealer = Sealer()
    path = home / "data" / f"market-{account}.journal.sqlite"
    with closing(JournalDatabase(path, account, "paper", free=0)) as database:
        database.begin_run("run-1")
        database.append([sealer(text) for text in texts])
    return path, sealer.head


@pytest.fixture
def account(home, lines):
    """An account's journal beside the database: its file and its head."""
    return write_account(home, account_texts(lines))


def test_without_an_argument_the_accounts_journal_is_verified(tulya, account, lines):
    path, head = account
    done = tulya("journal", "verify")
    assert 0 == done.code
    assert f"Journal     {path.relative_to(path.parents[1])}" in done.out
    assert "Whole       so far; the runner stopped in good order" in done.out
    told = json.loads(tulya("journal", "verify", "--account", "paper", "--json").out)
    assert (len(lines) + 3, head, True, None) == (told["entries"], told["head"], told["closed"], told["broken"])
    assert 0 == tulya("journal", "verify", "paper", "--head", head).code
    assert 4 == tulya("journal", "verify", "--head", "0" * 64).code
    assert 0 == tulya("journal", "verify", str(path)).code


def test_an_account_whose_runner_died_is_whole_so_far(tulya, home, lines):
    write_account(home, account_texts(lines, closing=False))
    done = tulya("journal", "verify")
    assert (0, True) == (done.code, "Whole       so far; the runner is at work, or it died" in done.out)


def test_a_changed_entry_of_an_account_is_named(tulya, home, lines):
    texts = account_texts(lines)
    sealer = Sealer()
    sealed = [sealer(text) for text in texts]
    path, _ = write_account(home, texts[:1])
    other = apsw.Connection(str(path))
    other.execute("DROP TRIGGER entries_no_update")
    other.execute("UPDATE entries SET entry = replace(entry, 'paper', 'live')")
    other.close()
    done = tulya("journal", "verify")
    assert 6 == done.code
    assert "Broken      line 1, entry 0: this entry, its seal or the entry before it was changed" in done.out
    assert f"expected hash {seal('0' * 64, texts[0].replace(b'paper', b'live'))}, found {sealed[0].sha256}" in done.out
    assert 6 == tulya("journal", "replay").code


def test_a_damaged_file_of_an_account_is_broken_and_no_traceback(tulya, account):
    path, _ = account
    damaged = bytearray(path.read_bytes())
    for page in range(2, len(damaged) // 4096):
        damaged[page * 4096 : page * 4096 + 8] = b"\xff" * 8
    path.write_bytes(damaged)
    done = tulya("journal", "verify", "--json")
    assert 6 == done.code
    assert "is damaged" in json.loads(done.out)["broken"]["why"]


def test_entries_of_an_account_are_shown_with_their_session(tulya, account, lines):
    out = tulya("journal", "show", "--acting", "--limit", "6").out
    assert ["entry", "when", "session", "what"] == out.splitlines()[0].split()
    assert "account paper, paper" in out
    assert "morning: t, replays 2008-01-02 (run run-1)" in out
    assert "→ Submit" in out
    last = len(lines) + 1
    out = tulya("journal", "show", "--entry", str(last)).out
    assert f"Entry       {last}, sending" in out
    assert "Session     t" in out
    told = json.loads(tulya("journal", "show", "--entry", str(last), "--json").out)
    assert "t-1" == told["entries"][0]["body"]["tag"]
    closes = next(seq for seq, line in enumerate(lines) if b'"BarCloses"' in line) + 2
    assert "SP500" in tulya("journal", "show", "--entry", str(closes)).out


def test_an_account_is_replayed_session_by_session(tulya, account, lines):
    done = tulya("journal", "replay")
    assert 0 == done.code
    assert f"Same        {len(lines) - 2:,} inputs of 1 session, every command and fact equal to the bit" in done.out
    told = json.loads(tulya("journal", "replay", "--json").out)
    assert json.loads(lines[-1])["body"]["equity_paise"] / 100 == told["sessions"]["t"]["equity"]
    assert account[1] == told["head"]


def test_an_export_has_the_same_hashes_and_replaces_nothing(tulya, account, home):
    done = tulya("journal", "export", "copy.journal")
    assert (0, account[1] in done.out) == (done.code, True)
    assert account[1] == json.loads(tulya("journal", "export", "second.journal", "--json").out)["head"]
    assert (home / "copy.journal").read_bytes() == (home / "second.journal").read_bytes()
    told = json.loads((home / "copy.journal").read_bytes().splitlines()[-1])
    assert account[1] == told["sha256"]
    done = tulya("journal", "verify", "copy.journal")  # it is an account's still
    assert (0, True) == (done.code, "Whole       so far; the runner stopped in good order" in done.out)
    assert tulya("journal", "replay", "--json").out.replace("data/market-paper.journal.sqlite", "copy.journal") == (
        tulya("journal", "replay", "copy.journal", "--json").out
    )
    assert "account paper, paper" in tulya("journal", "show", "copy.journal", "--limit", "1").out
    assert "an export replaces nothing" in tulya("journal", "export", "copy.journal").err
    assert ["copy.journal", "run.journal", "second.journal"] == sorted(one.name for one in home.glob("*.journal*"))


def test_a_backup_can_take_the_journals_place(tulya, account, home):
    path, head = account
    assert head in tulya("journal", "backup", "backups/copy.sqlite").out
    path.unlink()
    assert 1 == tulya("journal", "verify").code
    (home / "backups" / "copy.sqlite").rename(path)
    assert head == json.loads(tulya("journal", "verify", "--json").out)["head"]
    (home / "there").write_text("mine")
    assert "a backup replaces nothing" in tulya("journal", "backup", "there").err
    assert "mine" == (home / "there").read_text()


def test_which_account_is_meant_is_never_guessed_among_several(tulya, home, lines):
    done = tulya("journal", "verify")
    assert (1, True) == (done.code, "no account has one; tulya run writes it" in done.err)
    for name in ("one", "two"):
        write_account(home, account_texts(lines), name)
    done = tulya("journal", "verify")
    assert (1, True) == (done.code, "journals of several accounts" in done.err)
    assert "(one, two); name one with --account" in done.err
    assert 0 == tulya("journal", "verify", "--account", "two").code
    assert "there are journals of one, two" in tulya("journal", "verify", "three").err
    done = tulya("journal", "verify", "run.journal", "--account", "two")
    assert "leave one out" in done.err
    assert "none.journal cannot be read as a journal" in tulya("journal", "verify", "none.journal").err


# ---------------------------------------------------------------------- replay


def test_a_replay_comes_to_the_same(tulya, run, lines):
    done = tulya("journal", "replay", "run.journal")
    assert 0 == done.code
    assert f"Same        {len(lines) - 2:,} inputs, every command and fact equal to the bit" in done.out
    told = json.loads(tulya("journal", "replay", "run.journal", "--json").out)
    assert ("same", True, run["provenance"]["journal_head"]) == (told["verdict"], told["closed"], told["head"])


def test_a_difference_is_shown_from_both_sides(tulya, run, lines, home):
    sealer, forged = Sealer(), []
    for line in lines:
        text = line[: line.rindex(b',"sha256"')] + b"}"
        forged.append(sealer(text.replace(b'"kind":"equity"', b'"kind":"risk"')).line())
    write(home, forged)
    done = tulya("journal", "replay", "run.journal")
    assert 4 == done.code
    assert "Differs     entry" in done.out
    assert "  journal: {" in done.out
    assert "  now:     {" in done.out
    assert "differs" == json.loads(tulya("journal", "replay", "run.journal", "--json").out)["verdict"]


# ---------------------------------------------------------------------- why and why not


def test_why_tells_an_order_with_the_entries_of_its_journal(tulya, run):
    done = tulya("why", "last", "1")
    assert 0 == done.code
    for word in ("bar", "columns", "target", "size", "rules", "order", "fill", "charges", "end", "cash", "may have"):
        assert word in done.out
    assert "Entries of journal" in done.out
    told = json.loads(tulya("why", "last", "1", "--json").out)
    assert ["product", "state", "no_price", "cash"] == [one["rule"] for one in told["rules"]]
    numbers = {link["what"]: link["entry"] for link in told["links"]}
    shown = json.loads(tulya("journal", "show", "run.journal", "--entry", str(numbers["fill"]), "--json").out)
    assert 1 == shown["entries"][0]["body"]["input"]["Filled"]["fill"]["order_id"]


def test_why_not_tells_what_stood_in_the_way(tulya, run):
    done = tulya("why-not", "last", "SP500", "2008-06-02")
    assert 0 == done.code
    assert "SP500, bar of 2008-06-02" in done.out
    told = json.loads(tulya("why-not", "last", "SP500", "2008-06-02", "--json").out)
    assert {"bar", "stands"} <= {link["what"] for link in told["links"]}


@pytest.mark.parametrize(
    "time", ["2008-06-02", "20080602", "2008-06-02T00:00", "2008-06-02T23:59:59", "2008-06-03T01:00+09:00"]
)
def test_a_daily_bar_is_found_by_its_date_and_by_any_moment_of_it_where_the_exchange_is(tulya, run, time):
    """The sample's zone is New York: 01:00 in Tokyo is noon of the day before there."""
    assert "SP500, bar of 2008-06-02\n" in tulya("why-not", "last", "SP500", time).out


@pytest.mark.parametrize("day", ["2024-01-02", "20240102"])
def test_of_bars_with_a_time_of_day_a_day_names_none(tulya, home, day):
    rows = [f"2024-01-02T{9 + k // 4:02}:{k % 4 * 15:02}:00,100,101,99,100,10\n" for k in range(20)]
    (home / "abc.csv").write_text("time,open,high,low,close,volume\n" + "".join(rows))
    tulya("data", "import", "abc.csv", "--symbol", "ABC", "--timeframe", "15m")
    tulya("backtest", "rsi", "--symbols", "ABC", "--timeframe", "15m", "--set", "period=2")
    done = tulya("why-not", "last", "ABC", day)
    assert 1 == done.code
    assert (
        f"TIME {day} is a day, and the run's bars have a time of day; write a moment, such as 2024-01-02T10" in done.err
    )
    assert 0 == tulya("why-not", "last", "ABC", "2024-01-02T12:20").code


def test_a_day_without_a_session_has_no_bar(tulya, run):
    """2008-05-31 is the Saturday after a session, whose daily bar ends as the Saturday begins."""
    done = tulya("why-not", "last", "SP500", "2008-05-31")
    assert 1 == done.code
    assert "has no bar at 2008-05-31; the nearest open at 2008-05-30 and 2008-06-02" in done.err


def test_a_row_without_a_target_says_so(tulya, run):
    told = json.loads(tulya("why-not", "last", "SP500", "2008-01-08", "--json").out)
    assert "none (keeps 0)" == {link["what"]: link["text"] for link in told["links"]}["target"]


def test_without_a_journal_the_event_engine_makes_the_same_entries_again(tulya, run):
    with_journal = json.loads(tulya("why", "last", "1", "--json").out)
    tulya(*RUN, "--json")
    without = json.loads(tulya("why", "last", "1", "--json").out)
    assert with_journal["links"] == without["links"]
    assert "the event engine, which ran the kept run again" == without["source"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["why", "last", "99999"], "has no order 99999; it has 1 to"),
        (["why-not", "last", "INFY", "2008-06-02"], "the run has no INFY; it has SP500"),
        (["why-not", "last", "SP500", "soon"], "TIME 'soon' is not understood; write a day or a moment"),
        (["why-not", "last", "SP500", "2008-06-01"], "has no bar at 2008-06-01; the nearest open at 2008-05-30 and"),
        (["why", "nothing", "1"], "nothing"),
    ],
)
def test_what_cannot_be_explained_is_a_sentence(tulya, run, words, sentence):
    done = tulya(*words)
    assert 1 == done.code
    assert sentence in done.err
