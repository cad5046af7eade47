"""A Dask cluster of two processes on this machine: ``sweep`` on it, or (``tasks``) tasks that do nothing."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

from bench.peers.measuring import Answer, Job, Work, measure
from bench.peers.with_tulya import panel_of, sweeping
from bench.workloads import RULES

if TYPE_CHECKING:
    from distributed import Client

TASKS = 2_000


def nothing(number: int) -> int:
    """The work of a task that costs nothing but being a task."""
    return number


def prepare(job: Job) -> Work:
    """The work of a job; the cluster is there before the clock starts."""
    from distributed import Client, LocalCluster

    cluster = LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None)
    client = Client(cluster)
    client.wait_for_workers(2)
    if job.variant == "tasks":
        return lambda: tasks(client)
    return sweeping(job, panel_of(job), RULES["d", job.variant].choices(), cluster=client)


def tasks(client: Client) -> Answer:
    """As many tasks as a long sweep has, handed over and back."""
    return {"tasks": len(client.gather(client.map(nothing, range(TASKS), pure=False)))}


if __name__ == "__main__":
    measure(prepare, version("distributed"))
