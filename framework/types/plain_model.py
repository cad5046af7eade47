"""PlainModel: settings as people type them. ``true`` is no number, though Python counts it as 1."""

from __future__ import annotations

from typing import Any, get_args

from pydantic import BaseModel, model_validator


class PlainModel(BaseModel):
    """A group of settings; a truth value where a number belongs is refused by the setting's name."""

    @model_validator(mode="before")
    @classmethod
    def _truth_is_no_number(cls, given: Any) -> Any:
        if isinstance(given, dict):
            for name, value in given.items():
                field = cls.model_fields.get(name)
                if isinstance(value, bool) and field is not None and _is_number(field.annotation):
                    msg = f"{name} is {str(value).lower()}, and a number is wanted"
                    raise ValueError(msg)
        return given


def _is_number(annotation: Any) -> bool:
    kinds = {annotation, *get_args(annotation)}
    return bool(kinds & {int, float}) and bool not in kinds
