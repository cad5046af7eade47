"""``tulya config``: what applies here and why, whether a file is right, and a schema for editors."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from framework.cli.options import AsJson
from framework.errors import ConfigError

if TYPE_CHECKING:
    from framework.config.settings_file import Config, Layers

app = typer.Typer(no_args_is_help=True, help="Show, check and describe the configuration.", rich_markup_mode="markdown")
SCHEMA_URL = "https://json-schema.org/draft/2020-12/schema"


class Value(NamedTuple):
    """One value that applies, and its source."""

    key: str
    value: Any
    """Hidden where it came by ``${NAME}`` or its key looks like a secret's."""
    source: str


@app.command("show")
def show_command(as_json: AsJson = False) -> None:
    """Show every value that applies here and where it comes from: default, file or environment.

    Values that came by ${NAME} are hidden.

    Example:
    - tulya config show
    """
    from framework.config.settings_file import checked, read_layers

    layers = read_layers()
    config, problems = checked(layers)
    if config is None:
        raise ConfigError("; ".join(problems))
    values = effective(config, layers)
    file = str(layers.file) if layers.file.is_file() else None
    if as_json:
        typer.echo(
            json.dumps({"file": file, "values": [value._asdict() for value in values]}, ensure_ascii=False, indent=2)
        )
        return
    from rich.markup import escape

    from framework.cli.tables import new_table, print_table

    table = new_table()
    for heading in ("key", "value", "from"):
        table.add_column(heading, no_wrap=True)
    for key, value, source in values:
        table.add_row(escape(key), escape("none" if value is None else str(value)), escape(source))
    print_table(table)
    typer.echo(f"File: {file or f'{layers.file} (not there: defaults)'}")


@app.command("check")
def check_command(
    file: Annotated[Path | None, typer.Argument(help="Configuration; default: the one that applies here.")] = None,
    as_json: AsJson = False,
) -> None:
    """Check a configuration: ok, or each problem as a sentence and exit code 1.

    Example:
    - tulya config check config/trading.yaml
    """
    from framework.config.environment import resolve
    from framework.config.settings_file import checked, read_layers

    try:
        layers = read_layers(file)
    except ConfigError as error:
        name, problems = str(file or ""), [str(error)]
    else:
        config, problems = checked(layers)
        name = str(layers.file)
        for secret, reference in (config.secrets if config else {}).items():
            try:
                resolve(f"secrets.{secret}", reference, os.environ)
            except ConfigError as error:
                problems.append(f"{name}: {error}")
    if as_json:
        typer.echo(json.dumps({"file": name, "ok": not problems, "problems": problems}, ensure_ascii=False, indent=2))
    elif problems:
        for problem in problems:
            typer.echo(problem, err=True)
    else:
        typer.echo(f"{name}: ok" if Path(name).is_file() else f"{name} is not there, and the defaults are ok")
    if problems:
        raise typer.Exit(1)


@app.command("schema")
def schema_command(
    out: Annotated[Path | None, typer.Option(help="File to write; default: print it.")] = None,
) -> None:
    """Print the JSON schema of the configuration, with which an editor completes and checks it.

    Begin the file with a line that names it: # yaml-language-server: $schema=trading.schema.json

    Example:
    - tulya config schema --out config/trading.schema.json
    """
    text = json.dumps(schema(), ensure_ascii=False, indent=2)
    if out is None:
        typer.echo(text)
        return
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(text + "\n", encoding="utf-8")
    typer.echo(f"{out} written; begin the configuration with: # yaml-language-server: $schema={out.name}")


def effective(config: Config, layers: Layers) -> list[Value]:
    """Every value that applies, its secrets hidden, and where it comes from."""
    from framework.config.environment import HIDDEN, is_secret_key, leaves, variables
    from framework.config.settings_file import DATABASE_VARIABLE

    content = config.model_dump(mode="json", exclude={"secrets"})
    content["database"] = str(config.database_path())
    found = []
    for key, value in leaves(content):
        reference = layers.references.get(key)
        parts = key.rpartition(".")[0]
        if key in layers.from_environment:
            reference, source = None, f"environment, {layers.from_environment[key]}"
        elif key == "database" and os.environ.get(DATABASE_VARIABLE):
            reference, source = None, f"environment, {DATABASE_VARIABLE}"
        elif reference is not None:
            source = f"file, by environment {', '.join(variables(reference))}"
        elif key in layers.from_file or parts in layers.from_file:
            source = f"file, {layers.file}"
        else:
            source = "default"
        found.append(Value(key, HIDDEN if reference is not None or is_secret_key(key) else value, source))
    for name, reference in config.secrets.items():
        named = variables(reference)[0]
        there = named if os.environ.get(named) else f"{named}, which is not set"
        found.append(Value(f"secrets.{name}", HIDDEN, f"environment, {there}"))
    return found


def schema() -> dict[str, Any]:
    """JSON schema of the file. A number or a choice may also be written ``${NAME}``."""
    from framework.config.settings_file import Config
    from framework.types import Settings
    from framework.types.setting_option import declared

    meaning = {setting.key.rpartition(".")[::2]: setting.meaning for setting in declared(Settings)}
    described: dict[str, Any] = {"$schema": SCHEMA_URL, "title": "Tulya configuration", **Config.model_json_schema()}
    described["title"] = "Tulya configuration"
    inside = {"Settings": "", "Exits": "exits", "Limits": "limits"}
    for title, group in [("", described), *described.get("$defs", {}).items()]:
        for name, field in group.get("properties", {}).items():
            description = meaning.get((inside.get(title, title), name))
            group["properties"][name] = _or_empty({**field, "description": description} if description else field)
    return described


def _or_empty(field: dict[str, Any]) -> dict[str, Any]:
    """A field that may also be left empty or be a reference; groups and free texts stay as they are."""
    description: dict[str, Any] = {name: field[name] for name in ("description", "default", "title") if name in field}
    shape = {name: value for name, value in field.items() if name not in description}
    if not shape:
        return {**description, "type": ["string", "number", "null"]}
    return {**description, "anyOf": [shape, {"type": "null"}, {"type": "string", "pattern": r"\$\{[A-Za-z_]\w*\}"}]}
