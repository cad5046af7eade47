"""``tulya logs``: the program's log, filtered."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from framework.cli.options import AsJson
from framework.errors import ConfigError, DataError

if TYPE_CHECKING:
    from collections.abc import Iterator

AGO = re.compile(r"(\d+)\s*(s|m|min|h|d)")
UNITS = {"s": "seconds", "m": "minutes", "min": "minutes", "h": "hours", "d": "days"}


def logs_command(
    level: Annotated[str, typer.Option(help="This level and above: DEBUG, INFO, WARNING, ERROR, CRITICAL.")] = "DEBUG",
    since: Annotated[
        str | None, typer.Option(help="10m, 2h, 1d ago; or a day, or a moment in UTC.", metavar="TIME")
    ] = None,
    order: Annotated[str | None, typer.Option(help="Tag of an order, or its end.", metavar="TAG")] = None,
    run: Annotated[str | None, typer.Option(help="Name of a run, such as morning-3.", metavar="RUN")] = None,
    limit: Annotated[int, typer.Option(help="Newest so many; 0 = all.", min=0)] = 200,
    folder: Annotated[
        Path | None, typer.Option("--dir", help="Folder of the log; default $TULYA_LOGS, then logs.", metavar="FOLDER")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show the log: application.log and its five older files, oldest line first.

    Every line about an order has the number of its entry in the journal (seq).

    Exit codes: 0 shown (no line, too) · 1 an error, or no log.

    Examples:
    - tulya logs --level WARNING --since 2h
    - tulya logs --order tyynvrxuoou400000007 --json
    """
    from framework.log import LEVELS

    if level.upper() not in LEVELS:
        raise ConfigError(f"--level {level!r} is none; there are {', '.join(LEVELS)}")
    wanted, after = set(LEVELS[LEVELS.index(level.upper()) :]), _moment(since)
    found = [
        line
        for line in lines_of(folder)
        if line["level"] in wanted
        and line["time"] >= after
        and (order is None or str(line.get("order", "")).endswith(order))
        and (run is None or line.get("run") == run)
    ]
    found = found[-limit:] if limit else found
    if as_json:
        typer.echo(json.dumps({"lines": found}, ensure_ascii=False, indent=2))
        return
    for line in found:
        ids = "".join(f" {name}={value}" for name, value in line.items() if name not in SHOWN)
        typer.echo(f"{line['time'][:19]}Z {line['level']:<8} {line['text']}{ids}")
        if "error" in line:
            typer.echo(line["error"])


SHOWN = {"time", "level", "logger", "text", "error"}


def lines_of(folder: Path | None) -> Iterator[dict[str, Any]]:
    """Lines of the log, oldest first; one that is no JSON is a text of no level that passes as INFO."""
    from framework.log import FILE, KEPT_FILES, log_folder

    place = folder or log_folder()
    files = [place / f"{FILE}.{number}" for number in range(KEPT_FILES, 0, -1)] + [place / FILE]
    there = [file for file in files if file.is_file()]
    if not there:
        raise DataError(f"there is no log {place / FILE}; tulya run writes one ($TULYA_LOGS names another folder)")
    latest = ""
    for file in there:
        with file.open(encoding="utf-8", errors="replace") as stream:
            for text in stream:
                line = _line(text, latest)
                latest = line["time"]
                yield line


def _line(text: str, latest: str) -> dict[str, Any]:
    try:
        line: Any = json.loads(text)
        if isinstance(line, dict) and all(isinstance(line.get(name), str) for name in ("time", "level", "text")):
            return line
    except ValueError:
        pass
    return {"time": latest, "level": "INFO", "text": text.rstrip("\n")}


def _moment(since: str | None) -> str:
    """Beginning as the log spells moments; the empty text is before all of them."""
    if since is None:
        return ""
    if ago := AGO.fullmatch(since.strip()):
        moment = datetime.now(UTC) - timedelta(**{UNITS[ago[2]]: int(ago[1])})
    else:
        try:
            moment = datetime.fromisoformat(since)
        except ValueError:
            raise ConfigError(
                f"--since {since!r} is no time; write 10m, 2h or 1d, a day (2026-12-01) or a moment (2026-12-01T09:15)"
            ) from None
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return moment.isoformat(timespec="milliseconds")
