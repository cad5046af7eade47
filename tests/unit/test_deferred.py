"""What is made at the first look: once, and equal to what it stands for."""

import copy

import numpy as np

from framework.types.deferred import Deferred, DeferredFacts

ROWS = np.array([(1, 2.5), (3, 4.5)], dtype=[("a", np.int64), ("b", np.float64)])


def pairs(rows):
    return tuple((row["a"].item(), row["b"].item()) for row in rows)


def facts():
    return {"style": "signals", "python": "3.11"}


def test_its_length_and_its_rows_are_known_before_anything_is_made():
    def never(_rows):
        raise AssertionError

    waiting = Deferred(ROWS, never)
    assert 2 == len(waiting)
    assert [1, 3] == waiting.rows["a"].tolist()


def test_it_is_the_tuple_that_is_made_once():
    made = []
    waiting = Deferred(ROWS, lambda rows: made.append(1) or pairs(rows))
    assert ((1, 2.5), (3, 4.5)) == tuple(waiting)
    assert waiting == ((1, 2.5), (3, 4.5))
    assert (3, 4.5) == waiting[-1]
    assert ((1, 2.5),) == waiting[:1]
    assert repr(((1, 2.5), (3, 4.5))) == repr(waiting)
    assert hash(((1, 2.5), (3, 4.5))) == hash(waiting)
    assert [1] == made


def test_copied_or_pickled_it_is_what_it_stands_for():
    """Both ask ``__reduce__``."""
    assert ((1, 2.5), (3, 4.5)) == copy.copy(Deferred(ROWS, pairs))
    assert facts() == copy.copy(DeferredFacts(facts))
    assert dict is type(copy.copy(DeferredFacts(facts)))


def test_facts_are_a_read_only_dict_that_is_made_once():
    made = []
    waiting = DeferredFacts(lambda: made.append(1) or facts())
    assert [] == made
    assert "signals" == waiting["style"]
    assert facts() == waiting
    assert facts() == dict(waiting)
    assert (2, repr(facts())) == (len(waiting), repr(waiting))
    assert [1] == made
