"""YAML files that people write: read as plain values, with a sentence for what cannot be read.

A key that stands twice is an error (YAML takes the last one), ``15:15`` is a text (YAML 1.1 takes it for 915), and so
are ``yes`` and ``on`` (YAML 1.1 takes them for true, and true for 1). What unfolds to more than anybody writes is
refused before it is unfolded.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from framework.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

QUOTED = re.compile(r"'[^']{2,}'|\"[^\"]{2,}\"")
"""Quotes from a file in YAML's messages."""
OURS = {"tag:yaml.org,2002:int", "tag:yaml.org,2002:float", "tag:yaml.org,2002:bool"}
"""Kinds that are read by our own rules."""
BOOL = re.compile(r"(?:true|True|TRUE|false|False|FALSE)$")
MOST_VALUES = 100_000
"""Values of a file with every alias written out; the longest list of a thousand symbols has a hundredth of it."""
INT = re.compile(r"[-+]?(?:0b[01_]+|0x[0-9a-fA-F_]+|0|[1-9][0-9_]*)$")
FLOAT = re.compile(
    r"[-+]?(?:(?:[0-9][0-9_]*)?\.[0-9][0-9_]*|[0-9][0-9_]*\.|[0-9][0-9_]*(?=[eE]))(?:[eE][-+]?[0-9]+)?$"
    r"|[-+]?\.(?:inf|Inf|INF)$|\.(?:nan|NaN|NAN)$"
)


def read_text(file: Path) -> str:
    """The file's text, its line ends as they are; ``ConfigError`` where it cannot be read or is not UTF-8."""
    try:
        return file.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
    raise ConfigError(f"{file} cannot be read: {reason}")


def mapping_of(text: str, file: Path, such_as: str) -> dict[str, Any]:
    """The keys of a file's text; none where it is empty. ``such_as`` names keys that the file should hold."""
    import yaml

    content, reason = None, ""
    try:
        content = yaml.load(text, Loader=_loader())  # noqa: S506 - made of the safe loader
    except yaml.MarkedYAMLError as error:  # its own text quotes the line, and a line may hold a secret
        mark = error.problem_mark
        reason = QUOTED.sub("'…'", f"{error.problem}") + (
            f" (line {mark.line + 1}, column {mark.column + 1})" if mark else ""
        )
    except yaml.YAMLError as error:
        reason = type(error).__name__
    except RecursionError:
        reason = "its lists and keys lie too deep in each other"
    except ValueError:  # a date such as 2015-13-45, a number of five thousand digits
        reason = "it holds a date or a number that there is not"
    if reason:
        raise ConfigError(f"{file} cannot be read: {reason}")
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise ConfigError(f"{file} holds a {type(content).__name__}; it should hold keys such as {such_as}")
    return content


def _unfolded(node: Any, known: dict[int, int]) -> int:
    """Number of values under a node with its aliases written out; beyond bounds for one that holds itself."""
    if not isinstance(node.value, list):
        return 1
    if id(node) not in known:
        known[id(node)] = MOST_VALUES + 1  # until it is counted: what holds itself never ends
        parts = [part for item in node.value for part in (item if isinstance(item, tuple) else (item,))]
        known[id(node)] = 1 + sum(_unfolded(part, known) for part in parts)
    return known[id(node)]


@cache
def _loader() -> type[Any]:
    """YAML's safe loader that refuses a key twice and reads no numbers to the base of sixty."""
    import yaml

    class PlainLoader(yaml.SafeLoader):
        def get_single_node(self) -> Any:
            node = super().get_single_node()
            if node is not None and _unfolded(node, {}) > MOST_VALUES:
                problem = f"its aliases unfold to more than {MOST_VALUES:,} values"
                raise yaml.composer.ComposerError(problem=problem, problem_mark=node.start_mark)
            return node

        def compose_mapping_node(self, anchor: Any) -> Any:
            node = super().compose_mapping_node(anchor)
            seen: set[str] = set()
            for key, _ in node.value:
                if isinstance(key, yaml.ScalarNode):
                    if key.value in seen:
                        problem = f"the key {key.value} stands there twice; join the two"
                        raise yaml.composer.ComposerError(problem=problem, problem_mark=key.start_mark)
                    seen.add(key.value)
            return node

    PlainLoader.yaml_implicit_resolvers = {
        first: [pair for pair in pairs if pair[0] not in OURS]
        for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    PlainLoader.add_implicit_resolver("tag:yaml.org,2002:bool", BOOL, list("tTfF"))
    PlainLoader.add_implicit_resolver("tag:yaml.org,2002:float", FLOAT, list("-+0123456789."))
    PlainLoader.add_implicit_resolver("tag:yaml.org,2002:int", INT, list("-+0123456789"))
    return PlainLoader
