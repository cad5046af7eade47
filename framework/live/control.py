"""Control of a runner by files: commands that a person leaves in the run folder, and the switches HALT and KILL.

Theory of operation
-------------------
A command is one small file in ``control/``: written under another name, synced, renamed, so that it is there whole or
not at all, for its owner alone (0600). The runner looks every fifth of a second, notes each command with its answer in
the journal, and removes the file. So a command given while no runner lives is heard by the next start, a command whose
runner was killed is heard again, and whoever gave it reads the answer in the journal by its id.

``HALT`` and ``KILL`` are files that a person can make with nothing but ``touch``. ``HALT`` is a halt like any other.
``KILL`` is more: the outbox looks for it before each request (one call of the system), so that nothing leaves from the
moment it is there, whatever the loop is busy with. Both stay until ``resume`` removes them: a restart clears nothing.

*What race.* Two commands: the order of their names, which begin with their time. A command and a death within it: it
is carried out again, and every one of them may be (a halt of what is halted, a flatten of what is flat). Money that was
moved is not moved again: the journal has the id.
"""

from __future__ import annotations

import asyncio
import json
import os
from contextlib import suppress
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from framework.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path

    from framework.live.threads import BlockingCalls

FOLDER = "control"
HALT_FILE, KILL_FILE, UNBLOCK_FILE = "HALT", "KILL", "UNBLOCK"
ENDING, REFUSED_ENDING = ".json", ".refused"
LONGEST_BYTES = 10_000
POLL_S = 0.2
"""Seconds between two looks; of the loop's own time, so virtual where that is."""
VIRTUAL_POLL_S = 60.0
"""The same in virtual time, where a day takes a second."""


class CommandName(StrEnum):
    """Name of a command."""

    HALT = "halt"
    """Nothing new; each strategy does what its deployment declares for it. Left only by ``resume``."""
    REDUCE = "reduce"
    """Nothing new; entries that rest are taken back, positions and their protection stay."""
    RESUME = "resume"
    """Halts, trips and the files HALT and KILL are over."""
    FLATTEN = "flatten"
    """Leave what is held, of one symbol or of all, and intend nothing more of it."""
    ADOPT = "adopt"
    """A holding of nobody's becomes a strategy's, at a price."""
    IGNORE = "ignore"
    """A holding of nobody's stays nobody's."""
    CLOSE = "close"
    """A holding of nobody's is to be closed by the person, in the broker's own app."""
    RELEASE = "release"
    """An order that the broker's book does not show counts no more, and blocks nothing."""
    DEPOSIT = "deposit"
    WITHDRAW = "withdraw"
    STOP = "stop"
    """End in good order; what rests stays."""
    KILL = "kill"
    """Nothing leaves any more but cancels; the file KILL says so."""
    BLOCK_LOOP = "block_loop"
    """The loop hangs, for a drill: obeyed only in an account of drills."""
    DRILL_ENDED = "drill_ended"
    """A drill's measurement, for its journal."""


class ControlCommand(NamedTuple):
    """Command of a person."""

    name: str
    arguments: Mapping[str, str]
    id: str
    """Unique; the journal's entry has it."""
    path: Path | None = None
    """File that it came in; None of a switch or a signal."""


def write_command(folder: Path, name: CommandName, arguments: Mapping[str, str], *, now: int, unique: str) -> str:
    """Leave a command for the runner of a run folder; returns its id.

    ``now``: UTC nanoseconds, the order of commands; ``unique``: a few letters that no other one has. ``ConfigError``
    where the folder cannot be written.
    """
    ident = f"{now:020d}-{unique}"
    place = folder / FOLDER
    text = json.dumps({"name": str(name), "arguments": dict(arguments), "at": now}, ensure_ascii=False)
    part = place / f".{ident}.part"
    try:
        for made in (folder, place):
            made.mkdir(mode=0o700, parents=True, exist_ok=True)
            made.chmod(0o700)
        write_whole(part, place / (ident + ENDING), text)
    except OSError as error:
        msg = f"{place} cannot be written ({error.strerror}); the command was not given"
        raise ConfigError(msg) from error
    return ident


def write_whole(part: Path, path: Path, text: str) -> None:
    """Write a file that is there whole, on the disk, or not at all; 0600. ``part``: its name until then."""
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        os.fchmod(handle, 0o600)
        os.write(handle, text.encode())
        os.fsync(handle)
    finally:
        os.close(handle)
    part.replace(path)
    parent = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(parent)
    finally:
        os.close(parent)


def read_commands(folder: Path) -> list[ControlCommand]:
    """Commands that wait in a run folder, oldest first; a file that is none is put aside under another name."""
    found = list[ControlCommand]()
    with suppress(FileNotFoundError):
        for path in sorted((folder / FOLDER).iterdir()):
            if path.suffix != ENDING or path.name.startswith("."):
                continue
            command = _read(path)
            if command is None:
                with suppress(OSError):
                    path.replace(path.with_suffix(REFUSED_ENDING))
                command = ControlCommand("unreadable", {"file": path.name}, path.stem)
            found.append(command)
    return found


def _read(path: Path) -> ControlCommand | None:
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        with os.fdopen(handle, "rb") as stream:
            said: Any = json.loads(stream.read(LONGEST_BYTES))
        arguments = {str(name): str(value) for name, value in said["arguments"].items()}
        return ControlCommand(str(said["name"]), arguments, path.name.removesuffix(ENDING), path)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def done(command: ControlCommand) -> None:
    """Remove the file of a command that the journal has."""
    if command.path is not None:
        command.path.unlink(missing_ok=True)


def switch_of(folder: Path) -> CommandName | None:
    """The switch that is on in a run folder: KILL, which is more, or HALT; None without one."""
    for path, name in ((KILL_FILE, CommandName.KILL), (HALT_FILE, CommandName.HALT)):
        if (folder / path).exists():
            return name
    return None


def kill_wanted(folder: Path) -> bool:
    """True once the file KILL is there; one call of the system. A folder that cannot be looked at counts as killed."""
    try:
        (folder / KILL_FILE).stat()
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return True


def clear_switches(folder: Path) -> None:
    """Remove HALT and KILL: a person resumes."""
    for name in (HALT_FILE, KILL_FILE):
        (folder / name).unlink(missing_ok=True)


class ControlSource:
    """Source of a runner's commands: files, switches and signals."""

    def __init__(self, folder: Path, threads: BlockingCalls, poll_s: float = POLL_S) -> None:
        """``folder``: the account's run folder, which need not be there yet."""
        self.folder = folder
        self._threads = threads
        self._poll_s = poll_s
        self._signalled: list[ControlCommand] = []
        self._told: set[str] = set()
        self._switch: CommandName | None = None

    def signal(self, name: CommandName, why: str) -> None:
        """A signal of the system, as a command."""
        self._signalled.append(ControlCommand(str(name), {"by": why}, f"signal-{why}"))

    async def waiting(self) -> list[ControlCommand]:
        """Commands since the last call, oldest first, a switch before them; each is returned once."""
        switch, commands = await self._threads.run(_look, self.folder)
        signalled, self._signalled = self._signalled, []
        found = [*signalled, *(one for one in commands if one.id not in self._told)]
        self._told = {one.id for one in commands}
        if switch is not None and switch is not self._switch:
            found.insert(0, ControlCommand(str(switch), {"by": f"file {switch.upper()}"}, f"file-{switch.upper()}"))
        self._switch = switch
        return found

    async def commands(self) -> AsyncIterator[ControlCommand]:
        """Commands as they come, for ever."""
        while True:
            for command in await self.waiting():
                yield command
            await asyncio.sleep(self._poll_s)

    async def resumed(self) -> None:
        """The switches are over: remove their files."""
        await self._threads.run(clear_switches, self.folder)
        self._switch = None

    async def heard(self, command: ControlCommand) -> None:
        """The journal has the command: remove its file."""
        await self._threads.run(done, command)


def _look(folder: Path) -> tuple[CommandName | None, list[ControlCommand]]:
    return switch_of(folder), read_commands(folder)
