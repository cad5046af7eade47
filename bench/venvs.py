"""A virtual environment per peer under .bench/venvs, made on demand from its pinned requirements, like .venv itself."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from bench.peers.with_c import compiler

ROOT = Path(__file__).resolve().parents[1]
REQUIREMENTS = Path(__file__).resolve().parent / "peers" / "requirements"
FOLDER = ROOT / ".bench" / "venvs"


def python_of(peer: str) -> Path | str:
    """The Python of a peer's environment, or a sentence that says why there is none."""
    if peer == "c" and compiler() is None:
        return "no C compiler"
    if peer in {"tulya", "dask", "c"}:
        return Path(sys.executable)
    wanted = REQUIREMENTS / f"{peer}.txt"
    stamp = hashlib.sha256(wanted.read_bytes() + sys.version.encode()).hexdigest()[:16]
    place = FOLDER / peer
    python = place / "bin" / "python"
    if (place / stamp).exists():
        return python
    print(f"installing {peer} into {place} …", file=sys.stderr, flush=True)
    shutil.rmtree(place, ignore_errors=True)
    uv = shutil.which("uv") or str(Path(sys.executable).parent / "uv")
    if Path(uv).exists():
        create = [sys.executable, "-m", "venv", "--without-pip", str(place)]
        install = [uv, "pip", "install", "--quiet", "--python", str(python), "--requirement", str(wanted)]
    else:
        create = [sys.executable, "-m", "venv", str(place)]
        install = [str(python), "-m", "pip", "install", "--quiet", "--requirement", str(wanted)]
    environment = {"UV_HTTP_TIMEOUT": "180", **os.environ}
    for bundle in ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"):
        if Path(bundle).exists():  # like pip, trust what this machine trusts
            environment.setdefault("UV_SYSTEM_CERTS", "1")
    for command in (create, install):
        done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
        if done.returncode:
            said = (done.stderr or done.stdout).strip().splitlines()
            return f"not installed: {said[-1] if said else 'the installer failed without a word'}"
    (place / stamp).touch()
    return python
