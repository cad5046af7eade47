"""Parameters are pydantic fields; what is wrong with them is a sentence, in Python as on the command line."""

import copy
import pickle
from typing import Self

import pytest
from pydantic import BaseModel, Field, ValidationError, model_validator

from framework import Strategy
from framework.errors import ConfigError
from strategies.rsi import RSI


class Two(Strategy):
    fast: int = Field(10, ge=2)
    slow: int = Field(50, ge=3)

    @model_validator(mode="after")
    def _fast_is_faster(self) -> Self:
        if self.fast >= self.slow:
            msg = f"fast = {self.fast} must be below slow = {self.slow}"
            raise ValueError(msg)
        return self


class Wider(Two):
    extra: float = 1.0


class Holder(BaseModel):
    strategy: Two


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"perod": 3}, "RSI has no parameter 'perod'; did you mean 'period'?"),
        ({"perod": 3, "oversold": -1}, "RSI has no parameter 'perod'; did you mean 'period'?"),
        ({"period": 1}, "RSI.period = 1: input should be greater than or equal to 2"),
    ],
)
def test_a_wrong_parameter_is_the_same_sentence_everywhere(settings, sentence):
    for make in (lambda: RSI(**settings), lambda: RSI.from_settings(settings)):
        with pytest.raises(ConfigError) as caught:
            make()
        assert sentence == str(caught.value)
        assert caught.value.__suppress_context__  # no pydantic traceback above it


def test_validators_of_a_subclass_are_told_too():
    assert (3, 5, 2.0) == ((one := Wider(fast=3, slow=5, extra=2)).fast, one.slow, one.extra)
    with pytest.raises(ConfigError, match=r"^Wider: fast = 7 must be below slow = 5$"):
        Wider(fast=7, slow=5)


def test_everything_else_is_as_pydantic_has_it():
    one = Two(fast=3)
    assert one == pickle.loads(pickle.dumps(one)) == copy.deepcopy(one) == Two.model_validate({"fast": 3})  # noqa: S301 - our own
    assert Two(fast=4) == one.model_copy(update={"fast": 4})
    assert hash(one) == hash(Two(fast=3))
    with pytest.raises(ValidationError, match="frozen"):
        one.fast = 5
    assert one == Holder(strategy={"fast": 3}).strategy
    with pytest.raises(ValidationError, match=r"strategy\.fast"):
        Holder(strategy={"fast": 1})
    with pytest.raises(TypeError):
        Two(3)
    import inspect

    assert ["fast", "slow"] == list(inspect.signature(Two).parameters)
