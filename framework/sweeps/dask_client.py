"""From ``tcp://host:8786``, ``local:4`` or a Dask client to a client that answers, or a sentence why there is none."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from framework.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import ExitStack

    from distributed import Client

CONNECT_SECONDS = 5
WORKER_SECONDS = 5
"""So long a scheduler without a worker is given."""
SILENT = logging.CRITICAL + 1
TALKATIVE = frozenset({"asyncio", "distributed", "tornado"})
DEAF = "import signal\n\ndef dask_setup(worker):\n    signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
"""Run by each process of ``local:4``: Ctrl-C is for the one who started them, and who ends them."""
FORMS = "write tcp://host:8786 (where dask scheduler runs), or local:4 for four processes on this machine"
MISSING = "a cluster needs Dask, which is not installed: pip install 'tulya[cluster]'"


def connected(cluster: object, closing: ExitStack) -> Client:
    """A client with one worker at least; ``closing`` ends what was started here, and nothing else."""
    try:
        from distributed import Client
    except ImportError:
        raise ConfigError(MISSING) from None
    if isinstance(cluster, Client):
        if cluster.asynchronous or cluster.status != "running":
            msg = f"the client {cluster!r} is closed, or asynchronous; give one that is open: Client('tcp://host:8786')"
            raise ConfigError(msg)
        client = cluster
    elif not isinstance(cluster, str):
        msg = f"cluster {cluster!r} is neither a text nor a dask.distributed.Client; {FORMS}"
        raise ConfigError(msg)
    else:
        closing.enter_context(_quiet())
        kind, _, rest = cluster.partition(":")
        if not rest:
            msg = f"cluster {cluster!r} is not understood; {FORMS}"
            raise ConfigError(msg)
        client = closing.enter_context(_local(rest, closing) if kind == "local" else _remote(cluster))
    _await_worker(client)
    return client


def _remote(address: str) -> Client:
    from distributed import Client

    try:
        return Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        msg = f"no Dask scheduler answers at {address} ({error}); start one with: dask scheduler"
        raise ConfigError(msg) from None


def _local(workers: str, closing: ExitStack) -> Client:
    """Processes of this machine, reachable from this machine only."""
    from distributed import Client, LocalCluster

    count = int(workers) if workers.isdecimal() else 0
    if not count > 0:
        msg = f"cluster 'local:{workers}' has no number of processes; {FORMS}"
        raise ConfigError(msg)
    cluster = LocalCluster(
        n_workers=count,
        threads_per_worker=1,
        host="127.0.0.1",
        dashboard_address=None,
        scheduler_kwargs={"dashboard_address": "127.0.0.1:0"},  # a server it keeps anyway: on any port that is free
        silence_logs=SILENT,
        preload=[DEAF],
    )
    closing.enter_context(cluster)
    return Client(cluster, timeout=CONNECT_SECONDS, set_as_default=False)


def _await_worker(client: Client) -> None:
    try:
        client.wait_for_workers(1, timeout=WORKER_SECONDS)
    except (OSError, TimeoutError):
        where = scheduler_of(client)
        msg = f"the scheduler {where} has no worker; start one on each machine with: dask worker {where}"
        raise ConfigError(msg) from None


def scheduler_of(client: Any) -> str:
    """Its address."""
    return str(client.scheduler.address) if client.scheduler is not None else "of this client"


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence Dask's own log inside: its stack traces repeat what Tulya reports in a sentence."""
    names = [name for name in logging.root.manager.loggerDict if name.partition(".")[0] in TALKATIVE]
    before = {name: logging.getLogger(name).level for name in names}
    for name in names:
        logging.getLogger(name).setLevel(SILENT)
    try:
        yield
    finally:
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)
