"""Bundle: a run as a folder of ``result.json``, tables as CSV and arrays in ``bars.npz``, enough for a rerun.

The folder appears at once or not at all, and says when a file in it was changed afterwards.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from framework.draft import DRAFT
from framework.errors import ConfigError, DataError
from framework.report import array_file, frames, ledger_csv
from framework.report.document import document_of, verification_facts
from framework.report.held_back_orders import interventions_csv
from framework.scratch import BoundedSpace
from framework.types import (
    Agreement,
    BreakerCause,
    BreakerEvent,
    Causality,
    CausalityVerdict,
    Comparison,
    Instrument,
    Notice,
    Panel,
    Record,
    Settings,
    TradingState,
    Verification,
    WithoutRisk,
)
from framework.types.actions import Action
from framework.types.columns import VALUES
from framework.types.deadlines import Deadlines
from framework.types.record import AppliedAction
from framework.types.settings import RunSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from framework.report.facts import RunFacts
    from framework.types.array_store import ArrayStore

FORMAT = 1
"""Raised when an older program could misread what a newer one wrote."""
DOCUMENT = "result.json"
ARRAYS = "bars.npz"
SETTLEMENTS = "settlements.csv"
ORDERS = "orders.csv"
READ_BACK = (SETTLEMENTS, ORDERS, ARRAYS)
"""Files that ``load`` reads; the other CSV files are for people."""
ACCOUNT = ("equity_paise", "cash_paise", "exposure_paise")
DUE = "deadlines."
"""Before the name of an array of deadlines."""
GIVEN = "given."
"""Before the name of a price that the strategy gave beside its targets."""
UNLIMITED = "without_risk.equity_paise"
CLOCKS = ("time", "session", "close_time")


def save(result: RunFacts, folder: Path) -> Path:
    """Write the bundle to ``folder``, replacing an earlier bundle there; other files in it stay.

    Raises ``ConfigError`` when ``folder`` is something else than a folder, or one with files but no bundle in it.
    """
    refuse_folder(folder)
    with _replacing(folder) as draft:
        files = _files(result, array_file.write(draft / ARRAYS, _arrays(result)))
        for name, content in files.items():
            (draft / name).write_bytes(content)
    return folder


def refuse_folder(folder: Path) -> None:
    """Raise ``ConfigError`` unless a bundle can be written there; a long run checks before it begins."""
    if folder.exists() and not folder.is_dir():
        msg = f"{folder} is a file; give the bundle a folder of its own"
        raise ConfigError(msg)
    if folder.is_dir() and any(folder.iterdir()) and not (folder / DOCUMENT).exists():
        msg = f"{folder} holds other files and no bundle; give the bundle a folder of its own"
        raise ConfigError(msg)
    parent = next(above for above in folder.absolute().parents if above.exists())
    if not parent.is_dir():
        msg = f"{folder} cannot be made: {parent} is a file; choose another folder"
        raise ConfigError(msg)
    for place in {parent, folder} if folder.is_dir() else {parent}:
        if not os.access(place, os.W_OK | os.X_OK):
            msg = f"{folder} cannot be written: there is no permission to write in {place}; choose another folder"
            raise ConfigError(msg)


def load(folder: Path) -> dict[str, Any]:
    """The arguments of the ``Result`` in a bundle. ``DataError`` when it is missing, newer, changed or broken."""
    document = _document(folder)
    contents = {}
    for name in READ_BACK:
        try:
            if name != ARRAYS:
                contents[name] = (folder / name).read_bytes()
            found = hashlib.sha256(contents[name]).hexdigest() if name in contents else array_file.digest(folder / name)
        except OSError as error:
            msg = (
                f"{folder / name} cannot be read ({error.strerror}); the bundle is not complete, run the backtest again"
            )
            raise DataError(msg) from None
        if found != document["files"].get(name):
            msg = f"{folder / name} was changed after the run; restore it or run the backtest again"
            raise DataError(msg)
    space = BoundedSpace()
    space.prefer_disk_of(folder)
    try:
        return _arguments(document, contents, array_file.read(folder / ARRAYS, space), space)
    except (KeyError, TypeError, ValueError) as error:
        msg = f"{folder / DOCUMENT} is not a bundle this version can read ({type(error).__name__}: {error})"
        raise DataError(msg) from error


def same(one: RunFacts, other: RunFacts) -> bool:
    """True when both hold the same inputs, bit for bit (NaN equals NaN)."""
    if _inputs(one) != _inputs(other):
        return False
    first, second = _arrays(one), _arrays(other)
    return first.keys() == second.keys() and all(
        np.array_equal(first[name], second[name], equal_nan=first[name].dtype.kind == "f") for name in first
    )


def _inputs(result: RunFacts) -> dict[str, Any]:
    """Everything but the arrays, as texts and JSON values."""
    record = result.record
    return {
        "run_id": result.run_id,
        "strategy": result.strategy,
        "parameters": result.parameters,
        "causality": result.causality._asdict(),
        "verification": verification_facts(result.verification),
        "without_risk": _without_risk_facts(result.without_risk),
        "provenance": dict(result.provenance),
        "data_issues": list(result.data_issues),
        "benchmark_name": result.benchmark_name,
        "risk_free": result.risk_free,
        "settings": record.settings.model_dump(mode="json"),
        "engine": record.engine,
        "style": record.style,
        "rules": list(record.rules),
        "first_row": record.first_row,
        "positions": list(record.positions),
        "notices": [notice._asdict() for notice in record.notices],
        "actions": [applied._asdict() for applied in record.actions],
        "listed_actions": [[list(action) for action in listed] for listed in record.panel.actions],
        "breaker_events": [event._asdict() for event in record.breaker_events],
        "timeframe": record.panel.timeframe,
        "instruments": [instrument._asdict() for instrument in record.panel.instruments],
        "columns": [[symbol, name] for symbol, series in record.columns.items() for name in series],
        SETTLEMENTS: ledger_csv.settlements_csv(record.settlements),
        ORDERS: ledger_csv.orders_csv(record.orders),
    }


def _arrays(result: RunFacts) -> dict[str, np.ndarray[Any, Any]]:
    record = result.record
    arrays = {f"panel.{name}": getattr(record.panel, name) for name in (*CLOCKS, *VALUES)}
    if record.panel.deadlines is not None:
        arrays |= {f"{DUE}{name}": array for name, array in record.panel.deadlines._asdict().items()}
    arrays |= {f"account.{name}": getattr(record, name) for name in ACCOUNT}
    if record.targets is not None:
        arrays["targets"] = record.targets
    arrays |= {f"{GIVEN}{name}": values for name, values in record.prices.items()}
    if result.without_risk is not None:
        arrays[UNLIMITED] = result.without_risk.equity_paise
    columns = [values for series in record.columns.values() for values in series.values()]
    return arrays | {f"column.{number}": values for number, values in enumerate(columns)}


def _files(result: RunFacts, arrays_sha256: str) -> dict[str, bytes]:
    """Everything but the file of arrays, which is written."""
    inputs = _inputs(result)
    files = {
        SETTLEMENTS: inputs.pop(SETTLEMENTS).encode(),
        ORDERS: inputs.pop(ORDERS).encode(),
        "fills.csv": frames.fills_csv(result.record).encode(),
        "round_trips.csv": frames.round_trips_csv(result.record.panel, result.trips).encode(),
        "equity.csv": frames.equity_csv(result.record).encode(),
        "interventions.csv": interventions_csv(result.record, result.held_back).encode(),
    }
    written = {
        "format": FORMAT,
        **document_of(result),
        "inputs": inputs,
        "files": {ARRAYS: arrays_sha256}
        | {name: hashlib.sha256(content).hexdigest() for name, content in files.items()},
    }
    written["document_sha256"] = document_hash(written)
    text = json.dumps(written, ensure_ascii=False, allow_nan=False, indent=2)
    return files | {DOCUMENT: text.encode()}


def document_hash(document: dict[str, Any]) -> str:
    """sha256 of a document's values, however they are laid out; its own hash is not among them."""
    values = {name: value for name, value in document.items() if name != "document_sha256"}
    return hashlib.sha256(json.dumps(values, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _document(folder: Path) -> dict[str, Any]:
    path = folder / DOCUMENT
    try:
        document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        version = int(document["format"])
    except FileNotFoundError:
        msg = f"{folder} holds no bundle: there is no {DOCUMENT} in it"
        raise DataError(msg) from None
    except (ValueError, KeyError, TypeError, OSError) as error:
        msg = f"{path} is not the document of a bundle ({type(error).__name__}: {error})"
        raise DataError(msg) from None
    if missing := {"inputs", "files"} - document.keys():
        msg = f"{path} is not the document of a bundle; it has no {' and no '.join(sorted(missing))}"
        raise DataError(msg)
    if version > FORMAT:
        msg = f"{path} has format {version}, this version of Tulya reads up to {FORMAT}; update Tulya"
        raise DataError(msg)
    if document.get("document_sha256", document_hash(document)) != document_hash(document):
        msg = f"{path} was changed after the run; restore it or run the backtest again"
        raise DataError(msg)
    return document


def _arguments(
    document: dict[str, Any], contents: dict[str, bytes], arrays: dict[str, np.ndarray[Any, Any]], space: ArrayStore
) -> dict[str, Any]:
    inputs = document["inputs"]
    columns: dict[str, dict[str, np.ndarray[Any, Any]]] = {}
    for number, (symbol, name) in enumerate(inputs["columns"]):
        columns.setdefault(symbol, {})[name] = arrays[f"column.{number}"]
    record = Record(
        engine=inputs["engine"],
        panel=Panel(
            instruments=tuple(Instrument(**given) for given in inputs["instruments"]),
            timeframe=inputs["timeframe"],
            actions=tuple(tuple(Action(*fields) for fields in listed) for listed in inputs.get("listed_actions", ())),
            **{name: arrays[f"panel.{name}"] for name in (*CLOCKS, *VALUES)},
            deadlines=_deadlines(arrays),
            space=space,
        ),
        settings=RunSettings(Settings(**_as_kept(inputs["settings"]))),
        first_row=inputs["first_row"],
        settlements=ledger_csv.read_settlements(contents[SETTLEMENTS].decode()),
        orders=ledger_csv.read_orders(contents[ORDERS].decode()),
        notices=tuple(Notice(**given) for given in inputs["notices"]),
        **{name: arrays[f"account.{name}"] for name in ACCOUNT},
        positions=tuple(inputs["positions"]),
        targets=arrays.get("targets"),
        columns=columns,
        style=inputs.get("style", ""),
        prices={name.removeprefix(GIVEN): values for name, values in arrays.items() if name.startswith(GIVEN)},
        rules=tuple(inputs.get("rules", ())),
        actions=tuple(AppliedAction(**fields) for fields in inputs.get("actions", ())),
        breaker_events=tuple(map(_breaker_event, inputs.get("breaker_events", ()))),
    )
    causality = inputs["causality"]
    return {
        **{name: inputs[name] for name in ("run_id", "strategy", "parameters", "provenance")},
        **{name: inputs[name] for name in ("benchmark_name", "risk_free")},
        "record": record,
        "causality": Causality(**causality | {"verdict": CausalityVerdict(causality["verdict"])}),
        "data_issues": tuple(inputs["data_issues"]),
        "verification": _verification(inputs.get("verification")),
        "without_risk": _without_risk(inputs.get("without_risk"), arrays.get(UNLIMITED)),
    }


def _as_kept(settings: dict[str, Any]) -> dict[str, Any]:
    """Settings with bare amounts as the rupees they were when older versions kept them; today ``5`` is doubtful."""
    groups = {name: group for name, group in settings.items() if name in {"exits", "limits"}}
    return settings | {
        name: {key: f"rs:{value}" if _is_bare(value) else value for key, value in group.items()}
        for name, group in groups.items()
    }


def _is_bare(value: Any) -> bool:
    return isinstance(value, str) and value.replace(".", "", 1).isdigit()


def _breaker_event(given: dict[str, Any]) -> BreakerEvent:
    states = {name: TradingState(given[name]) for name in ("before", "after")}
    return BreakerEvent(**given | states | {"cause": BreakerCause(given["cause"])})


def _deadlines(arrays: dict[str, np.ndarray[Any, Any]]) -> Deadlines | None:
    if f"{DUE}days" not in arrays:
        return None
    return Deadlines(**{name: arrays[f"{DUE}{name}"] for name in Deadlines._fields})


def _verification(facts: list[dict[str, str]] | None) -> Verification | None:
    if facts is None:
        return None
    return Verification(tuple(Comparison(**one | {"agreement": Agreement(one["agreement"])}) for one in facts))  # type: ignore[arg-type]  # the agreement is one


def _without_risk_facts(given: WithoutRisk | None) -> dict[str, Any] | None:
    """All of it but the array."""
    if given is None:
        return None
    return {field.name: getattr(given, field.name) for field in fields(given) if field.name != ACCOUNT[0]}


def _without_risk(facts: dict[str, Any] | None, equity_paise: Any) -> WithoutRisk | None:
    return None if facts is None else WithoutRisk(equity_paise, **facts)


@contextmanager
def _replacing(folder: Path) -> Iterator[Path]:
    """A draft folder beside ``folder`` that takes its place when the block ends well, and is removed when not."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f"{DRAFT}{folder.name}-", dir=folder.parent))
    try:
        draft.chmod(0o755)  # a temporary folder is for its owner alone, a result need not be
        yield draft
        if folder.is_dir():
            old = draft.with_name(draft.name + "-old")
            folder.rename(old)
            draft.rename(folder)
            for left in old.iterdir():
                if not (folder / left.name).exists():
                    left.rename(folder / left.name)
            shutil.rmtree(old)
        else:
            draft.rename(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
