"""Named arrays in a compressed file (numpy's npz), written and read in pieces: they may be larger than memory."""

from __future__ import annotations

import hashlib
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.lib import format as npy

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from framework.types.array_store import ArrayStore

SUFFIX = ".npy"
AT_ONCE = 1 << 20
HEADERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}


def write(path: Path, arrays: Mapping[str, NDArray[Any]]) -> str:
    """Write the file; returns its sha256."""
    np.savez_compressed(path, **arrays)  # type: ignore[arg-type]  # the stub takes allow_pickle for one of them
    return digest(path)


def digest(path: Path) -> str:
    """sha256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read(path: Path, space: ArrayStore) -> dict[str, NDArray[Any]]:
    """Every array, read-only, put where the space has room for it. ``ValueError`` where one is none."""
    with zipfile.ZipFile(path) as packed:
        return {name.removesuffix(SUFFIX): _array(packed, name, space) for name in packed.namelist()}


def _array(packed: zipfile.ZipFile, name: str, space: ArrayStore) -> NDArray[Any]:
    with packed.open(name) as member:
        version = npy.read_magic(member)
        if version not in HEADERS:
            msg = f"{name} is an array of numpy's format {version}"
            raise ValueError(msg)
        shape, by_columns, dtype = HEADERS[version](member)
        if dtype.hasobject:
            msg = f"{name} holds objects"
            raise ValueError(msg)
        array = space.empty(shape[::-1] if by_columns else shape, dtype)
        whole, there = array.reshape(-1).view(np.uint8), 0
        while piece := member.read(AT_ONCE):
            whole[there : there + len(piece)] = np.frombuffer(piece, np.uint8)
            there += len(piece)
    if there != whole.shape[0]:
        msg = f"{name} holds {there:,} bytes of {whole.shape[0]:,}"
        raise ValueError(msg)
    array = array.T if by_columns else array
    array.setflags(write=False)
    return array
