"""Several objectives: the Pareto front by its definition, what the result says of it, and the plot."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from framework import sweep
from framework.errors import ConfigError
from framework.sweeps.front import pareto_front
from strategies.rsi import RSI

GRID = {"period": range(5, 40, 5), "oversold": [20, 25, 30, 35]}
TWO = ["Sharpe", "Max. drawdown"]
FEW_VALUES = st.sampled_from([-math.inf, -1.0, -0.0, 0.0, 0.5, 2.0, math.inf, math.nan])


def by_definition(rows):
    """Numbers of the rows without NaN that no such row dominates, all compared with all."""
    sound = [number for number, row in enumerate(rows) if not any(map(math.isnan, row))]

    def dominates(one, other):
        pairs = list(zip(rows[one], rows[other], strict=True))
        return all(a >= b for a, b in pairs) and any(a > b for a, b in pairs)

    return [number for number in sound if not any(dominates(other, number) for other in sound)]


@given(
    st.integers(1, 4).flatmap(
        lambda width: st.integers(0, 30).flatmap(
            lambda length: arrays(
                np.float64, (length, width), elements=st.one_of(FEW_VALUES, st.floats(allow_nan=True))
            )
        )
    )
)
def test_the_front_is_what_no_other_row_dominates(values):
    assert by_definition(values.tolist()) == pareto_front(values)


def test_a_front_of_ten_thousand_rows_is_found_where_all_are_on_it():
    x = np.arange(10_000.0)
    assert list(range(10_000)) == pareto_front(np.column_stack([x, -x]))


def test_a_set_that_never_trades_is_neither_the_best_nor_on_the_front(db):
    """RSI 100 never falls below 1: no order, nothing lost, and the smallest drawdown of all."""
    grid = {"period": [14, 100], "oversold": [1, 30]}
    result = sweep(RSI, "SP500", grid, db=db, objective=["Max. drawdown", "CAGR"], causality="off")
    idle = [row for row in range(result.tried) if result.stats[row]["Max. drawdown [%]"] == 0]
    assert {"period": 100, "oversold": 1} in [result.parameters(row) for row in idle]
    assert [] == [row for row in idle if row in result.front_rows]
    assert sorted(idle) == sorted(result.order[-len(idle) :])
    assert list(result.frame["Max. drawdown [%]"])[: -len(idle)] == sorted(
        stats["Max. drawdown [%]"] for row, stats in enumerate(result.stats) if row not in idle
    )


def test_the_result_has_the_sets_that_no_other_beats(db):
    result = sweep(RSI, "SP500", GRID, db=db, objective=TWO, charges="percent:0.1", causality="off")
    expected = by_definition([(stats["Sharpe"], -stats["Max. drawdown [%]"]) for stats in result.stats])
    assert 1 < len(expected) < result.tried
    assert sorted(expected) == sorted(result.front_rows)
    assert list(result.front["Sharpe"]) == sorted(result.front["Sharpe"], reverse=True)
    assert list(result.front["Max. drawdown [%]"]) == sorted(result.front["Max. drawdown [%]"], reverse=True)
    assert ("Sharpe", ("Sharpe", "Max. drawdown [%]")) == (result.objective, result.objectives)
    assert result.best == result.parameters(result.front_rows[0])
    said = json.loads(result.to_json())
    assert [result.parameters(row) for row in result.front_rows] == [one["parameters"] for one in said["front"]]
    assert f"Pareto front: {len(expected)} sets that no other beats in Sharpe and Max. drawdown [%]" in repr(result)


def test_the_first_objective_decides_and_ties_go_to_the_next(db):
    grid = {"period": [5, 10, 14, 20], "oversold": [20, 25, 30]}
    result = sweep(RSI, "SP500", grid, db=db, objective=["Win rate", "CAGR"], causality="off")
    pairs = [(result.stats[row]["Win rate [%]"], result.stats[row]["CAGR [%]"]) for row in result.order]
    assert len({first for first, _ in pairs}) < len(pairs)  # there are ties
    assert pairs == sorted(pairs, reverse=True)


def test_a_set_without_an_answer_to_one_objective_is_neither_best_nor_on_the_front(db):
    # An RSI of a hundred days never falls below 10: no round trip, so no win rate, and the least drawdown of all.
    result = sweep(
        RSI, "SP500", {"period": [14, 100], "oversold": [10, 30]}, db=db, objective=["Max. drawdown", "Win rate"]
    )
    silent = [row for row, stats in enumerate(result.stats) if math.isnan(stats["Win rate [%]"])]
    assert {"period": 100, "oversold": 10} in [result.parameters(row) for row in silent]
    assert not set(silent) & set(result.front_rows)
    assert result.best == result.parameters(result.front_rows[0])


def test_a_finished_sweep_is_judged_by_other_objectives_without_running_again(db):
    result = sweep(RSI, "SP500", GRID, db=db)
    both = sweep(RSI, "SP500", GRID, db=db, objective=["CAGR", "Max. drawdown"], causality="off")
    seen = result.by("CAGR", "Max. drawdown")
    assert (both.best, both.front_rows) == (seen.best, seen.front_rows)
    assert result.sweep_id == seen.sweep_id
    assert result.causality is result.by("Sharpe", "CAGR").causality is not None
    assert result.best != result.by("Max. drawdown").best
    assert result.by("Max. drawdown").causality is None  # at that set nobody has looked
    with pytest.raises(ConfigError, match="without an objective"):
        result.by()


def test_one_objective_has_a_front_of_the_best_and_its_equals_and_says_nothing_of_it(db):
    result = sweep(RSI, "SP500", GRID, db=db, causality="off")
    assert [result.best] == [result.parameters(row) for row in result.front_rows]
    assert "front" not in result.to_dict()
    assert "Pareto" not in repr(result)
    with pytest.raises(ConfigError, match="this sweep's only objective is Sharpe; name another"):
        result.scatter()
    assert 3 == len(result.scatter("CAGR").data)


def test_the_plot_shows_every_set_the_front_and_the_best(db, tmp_path):
    result = sweep(RSI, "SP500", GRID, db=db, objective=TWO, causality="off")
    dominated, front, best = result.scatter().data
    assert result.tried == len(dominated.x) + len(front.x)
    assert sorted(result.front["Sharpe"]) == list(front.x)
    assert (result.front["Sharpe"][0], result.front["Max. drawdown [%]"][0]) == (best.x[0], best.y[0])
    names = [path.name for path in result.save(tmp_path)]
    assert ["results.csv", "slices.html", "heatmap.html", "front.html"] == names


@pytest.mark.parametrize(
    ("objective", "sentence"), [([], "without an objective"), (["Sharpe", "luck"], "objective 'luck' is not one of")]
)
def test_a_mistaken_objective_is_a_sentence(db, objective, sentence):
    with pytest.raises(ConfigError, match=sentence):
        sweep(RSI, "SP500", {"period": [5]}, db=db, objective=objective)
