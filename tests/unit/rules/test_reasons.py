"""framework/rules/reasons.py: codes and names of the same reasons."""

from framework.rules import reasons
from framework.types.limits import Limits


def test_every_name_is_once_and_has_a_code_of_its_name():
    assert len(set(reasons.NAMES)) == len(reasons.NAMES)
    assert {name: getattr(reasons, name.upper() or "NONE") for name in reasons.NAMES} == {
        name: code for code, name in enumerate(reasons.NAMES)
    }


def test_the_limits_are_the_settings_that_are_limits_in_the_order_in_which_they_are_asked():
    assert reasons.LIMITS[0] == "restricted"
    assert reasons.LIMITS[-1] == "cash"
    assert set(reasons.LIMITS[:-1]) <= set(Limits.model_fields)
