"""``tulya sweeps``: a sweep is listed and shown again."""

import json
import sqlite3

SWEEP = "sweep rsi --symbols SP500 --set period=5:15:5 --set oversold=20,30".split()


def test_it_is_shown_as_it_was_printed(tulya, home):
    assert tulya(*SWEEP).out == tulya("sweeps", "show", "last").out
    first = json.loads(tulya(*SWEEP, "--json").out)
    assert first == json.loads(tulya("sweeps", "show", first["sweep_id"][:-2], "--json").out)


def test_it_is_judged_by_another_objective_and_written(tulya, home):
    tulya(*SWEEP)
    by_calmar = json.loads(tulya(*SWEEP, "--objective", "Calmar", "--json").out)["best"]["parameters"]
    done = tulya(*"sweeps show last --objective Calmar --out reports/again --json".split())
    assert by_calmar == json.loads(done.out)["best"]["parameters"]
    assert 7 == len((home / "reports/again/results.csv").read_text().splitlines())


def test_sweeps_are_listed_newest_first_with_how_far_they_came(tulya, home):
    assert (
        "No sweeps yet. Start with: tulya sweep rsi --symbols SP500 --set period=5:50:5\n"
        == tulya("sweeps", "list").out
    )
    tulya(*SWEEP)
    two = "sweep rsi --symbols SP500 --set period=20 --set oversold=20,30 --json --objective".split()
    best = json.loads(tulya(*two, "Max. drawdown").out)
    listed = json.loads(tulya("sweeps", "list", "--json").out)["sweeps"]
    assert [best["sweep_id"], True, 2, 2] == [listed[0][name] for name in ("sweep_id", "finished", "tried", "wanted")]
    assert best["best"]["stats"]["Max. drawdown [%]"] == listed[0]["best"]
    assert [6] == [one["tried"] for one in listed[1:]]
    table = tulya("sweeps", "list").out.splitlines()
    assert 3 == len(table)
    assert best["sweep_id"] in table[1]


def test_an_interrupted_one_says_how_to_go_on(tulya, home):
    sweep_id = json.loads(tulya(*SWEEP, "--json").out)["sweep_id"]
    with sqlite3.connect(home / "data/market.sqlite") as connection:
        connection.execute("DELETE FROM sweep_results WHERE json_extract(parameters, '$.period') = 5")
    out = tulya("sweeps", "show", "last").out
    assert f"Interrupted after 4 of 6 sets; the same command with --resume {sweep_id} goes on\n" in out


def test_a_sweep_that_is_not_there_is_a_sentence_with_the_nearest(tulya, home):
    sweep_id = json.loads(tulya(*SWEEP, "--json").out)["sweep_id"]
    done = tulya("sweeps", "show", f"x{sweep_id}")
    assert (1, "") == (done.code, done.out)
    assert f"tulya: no sweep 'x{sweep_id}'; the nearest: {sweep_id} (tulya sweeps list)\n" == done.err
