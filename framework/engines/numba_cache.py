"""Speed only: machine code of the kernel's entries, compiled once by numba and kept where it is found again.

The only place that turns rules into machine code. numba's cache does not see an edit in a *called* function, so the
cache folder's name holds a hash of every source that is compiled, with the versions of numba, numpy and Python, and of
where they stand: numba keeps what it compiled by the path of the source, for each installation anew.
"""

from __future__ import annotations

import hashlib
import logging
import os
import platform
import stat
import subprocess
import sys
import tempfile
import threading
from functools import cache
from importlib import import_module
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from framework.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

RULES = (
    "money", "reasons", "prices", "orders", "fills", "exits", "charges", "ledger", "sizing", "risk", "limits",
    "breaker", "targets", "actions", "product",
)  # fmt: skip
KERNEL = (
    "orders", "account", "protection", "sizer", "risk", "session", "corporate_actions", "exchange", "product",
    "scan", "skip", "loop", "long_flat",
)  # fmt: skip
ENTRIES = {"run_rows": "loop", "run_long_flat": "long_flat", "sink_all": "long_flat"}
"""Functions that Python calls, and where in the kernel they are. Each is compiled at its first call."""
MODULES = (*(f"framework.rules.{name}" for name in RULES), *(f"framework.engines.kernel.{name}" for name in KERNEL))
PLAIN = {"_nrt": False, "no_cfunc_wrapper": True}
"""No reference counting: the kernel allocates nothing and its caller keeps every array alive. Counting, at every call
that is handed the arrays, was nine tenths of the time of a fill. And no wrapper for C, which is one more copy."""
CALLED = (
    "serve", "look_after", "end_bar", "fill_at_close", "before_open", "end_session",
    "judge", "turn", "hold_back", "leave_ruined", "limited", "exposed", "first_end", "next_asked", "first_trip",
)  # fmt: skip
"""Functions that stay calls: inlined in eight places, they take the compiler twice as long. All others are
inlined, because a call hands over some two hundred words of arrays: that was half of the time of a fill."""
TAKES = {"run_rows": "about half a minute", "run_long_flat": "a few seconds"}
"""Compile time from which a user gets a message about an entry; the others take less than a second."""
HERE = "TULYA_COMPILES_HERE"
"""Set in the process that compiles for others; any other lets one do it (``framework.engines.compilation``)."""
CALLEES = Path(__file__).with_name("callees.py")
"""Its compilers make the machine code too."""
OTHERS_MAY_WRITE = stat.S_IWGRP | stat.S_IWOTH
FOLDER_VARIABLE = "TULYA_CACHE"
_log = logging.getLogger(__name__)
_one_at_a_time = threading.Lock()
"""Threads of a sweep ask at once, and where numba keeps machine code is a setting of the whole process."""


def has_numba() -> bool:
    """True where the compiled engine can run: numba is installed, which a base install does without."""
    return find_spec("numba") is not None


def require_numba(what: str = "the compiled engine") -> None:
    """``ConfigError`` where numba is not installed."""
    if not has_numba():
        msg = f"{what} needs numba, which is not installed: pip install 'tulya[research]'"
        raise ConfigError(msg)


def entry(name: str, *, compiled: bool = True) -> Callable[..., Any]:
    """One of ENTRIES: compiled (from the cache when it is there), or as it stands."""
    if compiled:
        require_numba()
        with _one_at_a_time:
            return _compiled(name)
    interpreted: Callable[..., Any] = getattr(import_module(f"framework.engines.kernel.{ENTRIES[name]}"), name)
    return interpreted


def source_hash() -> str:
    """sha256 over every source that is compiled and the versions that compile it."""
    digest = hashlib.sha256()
    for module in map(import_module, (*MODULES, "framework.engines.kernel.layout")):
        digest.update(Path(str(module.__file__)).read_bytes())
    versions = (version("numba"), version("llvmlite"), version("numpy"), sys.version, platform.machine())
    digest.update(repr((versions, Path(__file__).read_bytes(), CALLEES.read_bytes())).encode())
    return digest.hexdigest()[:16]


def cache_folder() -> Path | None:
    """Folder of the machine code of these very sources; None when no folder can be written."""
    named = os.environ.get(FOLDER_VARIABLE)
    home = named or os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    place = hashlib.sha256(str(Path(__file__).resolve()).encode()).hexdigest()[:8]
    shared = Path(tempfile.gettempdir()) / f"tulya-{os.getuid()}"
    for parent in (Path(home) / "tulya", shared):
        folder = parent / f"kernel-{source_hash()}-{place}"
        try:
            parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not _is_ours(parent):
                continue
            folder.mkdir(mode=0o700, exist_ok=True)
            if not _is_ours(folder):
                continue
            with tempfile.TemporaryFile(dir=folder):
                return folder
        except OSError:
            continue
    return None


def _is_ours(folder: Path) -> bool:
    """In a folder that everybody writes to, another user may have made it first, with code for us to run."""
    facts = folder.lstat()
    return stat.S_ISDIR(facts.st_mode) and facts.st_uid == os.getuid() and not facts.st_mode & OTHERS_MAY_WRITE


def is_cached(*names: str) -> bool:
    """True when a run will not have to compile these entries first; without a name, what every run takes."""
    folder = cache_folder()
    return folder is not None and all(any(folder.rglob(f"*.{name}-*.nbi")) for name in names or ("run_rows",))


@cache
def _register() -> None:
    """Tell numba of every rule and every function of the kernel that another one calls."""
    from numba.extending import register_jitable

    from framework.engines.callees import CalleeCompiler

    options: dict[str, Any] = {**PLAIN, "pipeline_class": CalleeCompiler}
    for name in MODULES:
        module = import_module(name)
        for function in vars(module).values():
            if not _is_own(function, name) or function.__name__ in ENTRIES:
                continue
            register_jitable(**options, forceinline=function.__name__ not in CALLED)(function)


def compile_beside() -> None:
    """Let a process of its own compile the engine for later runs, with what the machine has to spare."""
    if cache_folder() is not None and HERE not in os.environ:
        _start_compiling("nice", "-n", "19", start_new_session=True)


def _start_compiling(*before: str, start_new_session: bool = False) -> subprocess.Popen[bytes]:
    """Begin ``framework.engines.compilation`` of these very sources."""
    paths = (str(Path(__file__).parents[2]), *filter(None, [os.environ.get("PYTHONPATH")]))
    return subprocess.Popen(  # noqa: S603 - this Python, a module of ours
        [*before, sys.executable, "-P", "-m", "framework.engines.compilation"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=start_new_session,
    )


def _wait_for(process: subprocess.Popen[bytes]) -> None:
    """Wait until it is done, in a way that Ctrl-C ends; should it fail, this process compiles and says why."""
    try:
        process.wait()
    finally:
        process.kill()


@cache
def _compiled(name: str) -> Callable[..., Any]:
    """The entry as machine code that releases the GIL."""
    import numba

    from framework.engines.callees import EntryCompiler

    _register()
    function = entry(name, compiled=False)
    folder, config = cache_folder(), cast("Any", numba.config)
    before = config.CACHE_DIR
    config.CACHE_DIR = str(folder or "")
    if name in TAKES and not is_cached(name):
        _log.warning("Compiling the engine: once for this version of the rules, %s …", TAKES[name])
        if folder is not None and HERE not in os.environ:
            _wait_for(_start_compiling())
    options: dict[str, Any] = {"nogil": True, "cache": folder is not None, "pipeline_class": EntryCompiler, **PLAIN}
    try:
        compiled: Callable[..., Any] = numba.njit(**options)(function)
    finally:
        config.CACHE_DIR = before
    return compiled


def _is_own(thing: Any, module: str) -> bool:
    return callable(thing) and not isinstance(thing, type) and getattr(thing, "__module__", "") == module
