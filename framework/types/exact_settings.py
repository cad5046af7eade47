"""Exact settings: every field as JSON by its value, so that what comes back is equal to the bit.

People's texts (``5%``, ``equity:95%``) are rounded to ten decimals; a journal keeps the numbers.
"""

from __future__ import annotations

import json
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from framework.types.codec import UnknownFormatError, decode, write
from framework.types.explain import explain
from framework.types.setting_values import Charges, Distance, Sizing, Slippage, SquareOff
from framework.types.settings import Settings

Model = TypeVar("Model", bound=BaseModel)
TextValue = Charges | Distance | Sizing | Slippage | SquareOff | None
"""What a setting holds that people type as a text; pydantic sees ``Any`` there."""


def settings_json(settings: BaseModel) -> dict[str, Any]:
    """Settings, or a group of them, as what ``json`` writes."""
    return {
        name: _plain(getattr(settings, name), field.annotation) for name, field in type(settings).model_fields.items()
    }


def settings_of(written: Any) -> Settings:
    """The settings that were written; ``UnknownFormatError`` where this version has no such setting or value."""
    try:
        return _model(Settings, written)
    except ValidationError as error:
        msg = f"the settings are not those of this version of Tulya: {explain('settings', error)}"
        raise UnknownFormatError(msg) from None


def _plain(value: Any, annotation: Any) -> Any:
    if isinstance(value, BaseModel):
        return settings_json(value)
    return json.loads(write(TextValue, value)) if annotation is Any else _as_json(value)


def _as_json(value: Any) -> Any:
    if isinstance(value, float):
        return json.loads(write(float, value))
    if isinstance(value, dict):
        return {name: _as_json(item) for name, item in value.items()}
    return list(value) if isinstance(value, tuple) else value


def _model(kind: type[Model], written: Any) -> Model:
    fields = kind.model_fields
    values: dict[str, Any] = {}
    for name, value in written.items():
        annotation = fields[name].annotation if name in fields else None
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            values[name] = _model(annotation, value)
        else:
            values[name] = decode(TextValue, value) if annotation is Any else value
    return kind(**values)
