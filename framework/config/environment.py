"""``${NAME}`` in a configuration: a value that only the environment knows, and keys that must be written so."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from framework.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
SECRET_WORDS = re.compile(
    r"(^|[_.-])(token|secret|password|passwd|pin|totp|api_?key|private_?key)s?([_.-]|$)", re.IGNORECASE
)
HIDDEN = "••••"


def is_secret_key(key: str) -> bool:
    """True if a key such as ``broker.api_key`` looks as if its value were a secret."""
    return SECRET_WORDS.search(key) is not None


def is_reference(value: object) -> bool:
    """True if a value is nothing but one ``${NAME}``."""
    return isinstance(value, str) and REFERENCE.fullmatch(value) is not None


def variables(value: object) -> list[str]:
    """The variables that a text names."""
    return REFERENCE.findall(value) if isinstance(value, str) else []


def resolve(key: str, text: str, environment: Mapping[str, str]) -> str:
    """The text with each ``${NAME}`` replaced; ``ConfigError`` names the key and the variable that is missing."""
    missing = [name for name in variables(text) if not environment.get(name)]
    if missing:
        raise ConfigError(f"{key} needs the environment variable {missing[0]}, which is not set; export {missing[0]}=…")
    return REFERENCE.sub(lambda found: environment[found[1]], text)


def leaves(content: Mapping[Any, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """(dotted key, value) of everything that holds no further keys; the members of a list are numbered."""
    for name, value in content.items():
        key = f"{prefix}{name}"
        if isinstance(value, dict) and value:
            yield from leaves(value, f"{key}.")
        elif isinstance(value, list) and value:
            yield from leaves(dict(enumerate(value)), f"{key}.")
        else:
            yield key, value


def literal_secrets(content: Mapping[Any, Any]) -> list[str]:
    """Keys that look like secrets, or stand under ``secrets:``, with a value of their own instead of ``${NAME}``."""
    return [
        key
        for key, value in leaves(content)
        if value not in (None, "", {}, [])
        and (is_secret_key(key) or key.startswith("secrets."))
        and not is_reference(value)
    ]


def resolved(content: Any, environment: Mapping[str, str], found: dict[str, str], prefix: str = "") -> Any:
    """The same content with its references replaced; ``found`` gets dotted key → text of each that had one."""
    if isinstance(content, dict):
        return {name: resolved(value, environment, found, f"{prefix}.{name}") for name, value in content.items()}
    if isinstance(content, list):
        return [resolved(value, environment, found, f"{prefix}.{place}") for place, value in enumerate(content)]
    if not variables(content):
        return content
    key = prefix.removeprefix(".")
    found[key] = content
    return resolve(key, content, environment)
