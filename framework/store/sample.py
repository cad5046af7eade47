"""The sample prices: real daily bars that the PyPI package ``arch`` ships (20 years of two US indices)."""

from __future__ import annotations

import hashlib
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from framework.errors import DataError
from framework.store import instruments
from framework.store.database import transaction
from framework.types.intake.records import Facts

if TYPE_CHECKING:
    from framework.store.importing import FileSummary
    from framework.store.importing.folder import Progress
    from framework.store.store import Store

TIMEZONE = "America/New_York"


class SampleFile(NamedTuple):
    """One sample file inside the package."""

    symbol: str
    name: str
    file: str


SAMPLES = (
    SampleFile("SP500", "S&P 500", "data/sp500/sp500.csv.gz"),
    SampleFile("NASDAQ", "NASDAQ Composite", "data/nasdaq/nasdaq.csv.gz"),
)


def sample_files() -> dict[SampleFile, Path]:
    """Paths of the sample files; the package is found without importing it, which takes seconds."""
    spec = find_spec("arch")
    folder = Path(next(iter(spec.submodule_search_locations or []), "")) if spec else None
    if folder is None:
        raise DataError(
            "the sample prices are two files of the package arch, which is not installed: pip install --no-deps arch "
            "(3 MB, none of its code runs), or pip install 'tulya[research]'"
        )
    found = {sample: folder / sample.file for sample in SAMPLES}
    for path in found.values():
        if not path.is_file():
            raise DataError(
                f"this version of the package arch has no {path.name}; install the version in requirements/run.txt"
            )
    return found


def load_sample(store: Store, progress: Progress | None = None) -> list[FileSummary]:
    """Load what is not there yet; the raw open, high, low, close (not the adjusted close) and the volume."""
    summaries = []
    for sample, path in sample_files().items():
        with transaction(store.connection):
            instruments.note(store.connection, Facts(sample.symbol, name=sample.name, currency="USD"))
        if _there(store, sample, path):
            continue
        from framework.store.importing import ImportOptions, import_files

        options = ImportOptions(symbol=sample.symbol, exchange="", timeframe="1d", timezone=TIMEZONE)
        summaries += import_files(store, [path], options, progress)
    return summaries


def _there(store: Store, sample: SampleFile, path: Path) -> bool:
    """True if this very file was imported and its bars are still all there."""
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return (
        store.connection.execute(
            "SELECT 1 FROM data_imports WHERE sha256 = ? AND rows_kept > 0 AND undone_by IS NULL AND rows_kept <= "
            "(SELECT count(*) FROM ohlc_data WHERE symbol = ? AND exchange = '' AND timeframe = '1d')",
            (digest, sample.symbol),
        ).fetchone()
        is not None
    )
