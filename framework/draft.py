"""Draft of a file or a folder: written under a hidden name beside its place, and put there at once or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

DRAFT = ".tulya-draft-"
"""Beginning of a draft's name: what is swept away when the process that wrote it was killed."""
ABANDONED_S = 3_600
"""Age from which a draft is nobody's any more."""


@contextmanager
def drafted(path: Path) -> Iterator[Path]:
    """A draft to write to, which takes the place of ``path`` when the block ends well; its folder is made.

    An ``OSError`` of a full disk names the file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f"{DRAFT}{path.name}-", dir=path.parent)
    os.close(handle)
    draft = Path(name)
    try:
        yield draft
        draft.chmod(0o644)
        draft.replace(path)
    except OSError as error:
        raise named(error, path) from error
    finally:
        draft.unlink(missing_ok=True)


def named(error: OSError, path: Path) -> OSError:
    """The error with the file that the user knows: a write to a full disk names none, a draft's name says nothing."""
    return type(error)(error.errno, error.strerror or str(error), str(path))


def sweep_drafts(folder: Path) -> None:
    """Remove the drafts in a folder that killed processes left there more than an hour ago."""
    if not folder.is_dir():
        return
    for left in folder.glob(f"{DRAFT}*"):
        with suppress(OSError):
            if left.stat().st_mtime < time.time() - ABANDONED_S:  # noqa: TID251 - the age of a file on this disk
                shutil.rmtree(left) if left.is_dir() else left.unlink()
