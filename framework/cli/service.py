"""``tulya service``: a systemd unit and a crontab for a deployment."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from framework.cli.options import Database
from framework.errors import ConfigError

if TYPE_CHECKING:
    from framework.live.service_unit import ServiceUnit

app = typer.Typer(name="service", help="Run a deployment as a service.", no_args_is_help=True)
SYSTEM_FOLDER = Path("/etc/systemd/system")
Name = Annotated[str, typer.Argument(metavar="DEPLOYMENT", help="File of a deployment, or its name in ./deployments.")]


@app.command("install")
def install_command(
    deployment: Name,
    user: Annotated[bool, typer.Option("--user", help="For your own systemd, which needs no root.")] = False,
    replay: Annotated[str | None, typer.Option("--replay", help="Days, as of tulya run.", metavar="DAYS")] = None,
    speed: Annotated[str, typer.Option("--speed", help="As of tulya run.", metavar="FACTOR")] = "1",
    show: Annotated[bool, typer.Option("--print", help="Print the unit and write nothing.")] = False,
    db: Database = None,
) -> None:
    """Write a systemd unit for a deployment: ready after reconciliation, watched, restarted, hardened.

    systemd ends and restarts a process whose loop, journal writer or feed has been silent for a minute. A run that
    ended halted (exit code 5) is not restarted. No unit is overwritten with another text, and nothing is started.

    Exit codes: 0 printed or written · 1 an error.

    Examples:
    - tulya service install morning --print
    - tulya service install --user morning
    """
    unit = _unit(deployment, db, replay, speed, user=user)
    if show:
        typer.echo(unit.text(), nl=False)
        return
    folder = Path.home() / ".config" / "systemd" / "user" if user else SYSTEM_FOLDER
    path = folder / unit.file_name
    if path.exists() and path.read_text("utf-8") != unit.text():
        raise ConfigError(f"{path} is there and says something else; remove it first, or compare it with --print")
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(unit.text(), encoding="utf-8")
    manager = "systemctl --user" if user else "systemctl"
    typer.echo(f"wrote {path}")
    typer.echo(f"start it:  {manager} daemon-reload && {manager} enable --now {unit.file_name}")


@app.command("crontab")
def crontab_command(deployment: Name) -> None:
    """Print an example crontab for a deployment: tables after the close, parity, verified journal, weekly drill.

    Exit codes: 0 printed · 1 an error.

    Example:
    - tulya service crontab morning
    """
    from framework.deployments.deployment_file import find_deployment
    from framework.live.service_unit import crontab_text

    chosen = find_deployment(deployment)
    typer.echo(crontab_text(program(), chosen.name, chosen.account, Path.cwd()), nl=False)


def program() -> list[str]:
    """This program, so that the same Python runs it."""
    return [sys.executable, "-m", "framework"]


def _unit(deployment: str, db: Path | None, replay: str | None, speed: str, *, user: bool) -> ServiceUnit:
    import getpass

    from framework.config.settings_file import database_path
    from framework.deployments.deployment_file import find_deployment
    from framework.live.service_unit import ServiceUnit
    from framework.log import log_folder

    chosen = find_deployment(deployment)
    words = [*program(), "run", str(chosen.file.resolve())]
    if replay is not None:
        words += ["--replay", replay, "--speed", speed]
    elif chosen.feed.kind == "replay":
        typer.echo(
            f"{chosen.file}: its feed replays recorded days; name them with --replay, or the unit fails", err=True
        )
    return ServiceUnit(
        chosen.name,
        chosen.account,
        words,
        Path.cwd(),
        database_path(db).resolve(),
        log_folder().resolve(),
        "" if user else getpass.getuser(),
    )
