"""Disk in memory for SQLite: a power cut keeps what was synced and any part of the rest; any call can fail.

A model of what a disk may do: writes since the last sync of a file are kept not at all, all, as a prefix, as a random
part, in another order; one of them may be torn between two sectors of 512 bytes. A file that was made and not synced
may be gone, one that was deleted may be there again.
"""

from itertools import count
from random import Random

import apsw

SECTOR = 512
NAMES = count()
FAULTS = {
    "io": (apsw.IOError, "the disk failed"),
    "full": (apsw.FullError, "the disk is full"),
    "open": (apsw.CantOpenError, "the file cannot be opened"),
    "power": (apsw.IOError, "the power is off"),
}


def fault(kind: str) -> apsw.Error:
    error, text = FAULTS[kind]
    return error(text)


class DiskFile:
    """One file: its bytes as the system shows them, as they were at its last sync, and what came since."""

    def __init__(self, content: bytes = b"", *, kept: bool = False):
        self.now = bytearray(content)
        self.synced = bytes(content)
        self.since: list[tuple[int, bytes | None]] = []  # (offset, bytes), or (length, None) of a truncation
        self.kept = kept
        """Its name outlives a power cut."""

    def after_power_cut(self, random: Random) -> bytes:
        """Bytes that are there when the power is back."""
        mode, left = random.choice(("none", "all", "prefix", "part", "shuffled")), list(self.since)
        if mode == "none":
            left = []
        elif mode == "prefix":
            left = left[: random.randint(0, len(left))]
        elif mode in {"part", "shuffled"}:
            left = [one for one in left if random.random() < 0.5]
            if mode == "shuffled":
                random.shuffle(left)
        content = bytearray(self.synced)
        torn = random.randrange(len(left)) if left and random.random() < 0.5 else -1
        for number, (offset, data) in enumerate(left):
            if data is None:
                del content[offset:]
            else:
                for place in range(0, len(data), SECTOR):
                    if number != torn or random.random() < 0.5:
                        put(content, offset + place, data[place : place + SECTOR])
        return bytes(content)


def put(content: bytearray, offset: int, data: bytes) -> None:
    if len(content) < offset:
        content.extend(bytes(offset - len(content)))
    content[offset : offset + len(data)] = data


class MemoryDisk(apsw.VFS):
    """A file system of SQLite's; ``name`` is what a connection asks for."""

    def __init__(self, files: dict[str, bytes] | None = None):
        self.name = f"memory-disk-{next(NAMES)}"
        self.files = {name: DiskFile(content, kept=True) for name, content in (files or {}).items()}
        self.deleted: dict[str, DiskFile] = {}
        self.calls: dict[str, int] = {"write": 0, "sync": 0, "truncate": 0, "open": 0, "delete": 0}
        self.fail: tuple[str, int, str, bool] | None = None
        """(call or ``any``, its number from 1, kind of the fault, for all later ones too)."""
        self.dead = False
        super().__init__(self.name, "")

    def did(self, call: str) -> None:
        """Count a call that changes the disk; raises where it is to fail."""
        self.calls[call] += 1
        if self.fail is None:
            return
        what, number, kind, lasting = self.fail
        done = sum(self.calls.values()) if what == "any" else self.calls[call]
        if what in {"any", call} and (done == number or (lasting and done > number)):
            self.dead = kind == "power"
            raise fault(kind)

    def after_power_cut(self, random: Random) -> dict[str, bytes]:
        """Files that are there when the power is back."""
        there = {
            name: file.after_power_cut(random)
            for name, file in self.files.items()
            if file.kept or random.random() < 0.5
        }
        gone = {name: file.synced for name, file in self.deleted.items() if name not in there and random.random() < 0.5}
        return there | gone

    def content(self) -> dict[str, bytes]:
        """Files as the system shows them: what is there after the process died."""
        return {name: bytes(file.now) for name, file in self.files.items()}

    def excepthook(self, *_):
        """An error while SQLite handles another one: that one is told."""
        return True

    def xFullPathname(self, name):  # noqa: N802 - SQLite's name
        return name

    def xAccess(self, pathname, flags):  # noqa: N802
        return pathname in self.files

    def xDelete(self, filename, syncdir):  # noqa: N802
        self.did("delete")
        file = self.files.pop(filename, None)
        if file is not None and file.kept and not syncdir:
            self.deleted[filename] = file

    def xOpen(self, name, flags):  # noqa: N802
        flags[1] = flags[0]
        named = name.filename() if isinstance(name, apsw.URIFilename) else name
        if named is None:
            return OpenFile(self, DiskFile())
        if named not in self.files:
            self.did("open")
            self.files[named] = DiskFile()
        return OpenFile(self, self.files[named])


class OpenFile:
    """One file that SQLite has open."""

    def __init__(self, disk: MemoryDisk, file: DiskFile):
        self.disk, self.file = disk, file

    def xRead(self, amount, offset):  # noqa: N802
        if self.disk.dead:
            raise fault("power")
        return bytes(self.file.now[offset : offset + amount])

    def xWrite(self, data, offset):  # noqa: N802
        self.disk.did("write")
        put(self.file.now, offset, data)
        self.file.since.append((offset, bytes(data)))

    def xTruncate(self, length):  # noqa: N802
        self.disk.did("truncate")
        del self.file.now[length:]
        self.file.since.append((length, None))

    def xSync(self, flags):  # noqa: N802
        self.disk.did("sync")
        if not self.file.kept:  # SQLite syncs the folder with a new log
            self.disk.deleted.clear()
        self.file.synced, self.file.since, self.file.kept = bytes(self.file.now), [], True

    def xFileSize(self):  # noqa: N802
        return len(self.file.now)

    def xDeviceCharacteristics(self):  # noqa: N802
        return apsw.SQLITE_IOCAP_POWERSAFE_OVERWRITE  # as of the disks that Linux has

    def xSectorSize(self):  # noqa: N802
        return SECTOR

    def xFileControl(self, op, pointer):  # noqa: N802
        return False

    def xCheckReservedLock(self):  # noqa: N802
        return False

    def xLock(self, level):  # noqa: N802
        pass

    def xUnlock(self, level):  # noqa: N802
        pass

    def xClose(self):  # noqa: N802
        pass

    def excepthook(self, *_):
        """See ``MemoryDisk``."""
        return True
