"""``tulya verify``."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Annotated

import typer

from framework.cli import DIFFERENCE_EXIT_CODE
from framework.cli.options import AsJson, Database


def verify_command(
    run: Annotated[str, typer.Argument(help="Run id, its unique beginning, or last.")],
    db: Database = None,
    as_json: AsJson = False,
) -> None:
    """Run a kept run again through the other engines, from its prices and decisions, and compare every order and fill.

    Prints for each engine "identical", "identical within half a paisa per cash movement" (backtrader counts in
    floats), the first difference, or why it cannot express the run. The verdict is kept with the run.

    Exit codes: 0 no engine differs · 1 an error, in one sentence · 4 an engine comes to something else.

    Example:
    - tulya verify last
    """
    from framework.cli.progress import shown
    from framework.config.settings_file import database_path
    from framework.engines.verify import verify
    from framework.report.document import verification_facts
    from framework.run.history import find, keep_verification

    path = database_path(db)
    result = find(run, path)
    with shown(hidden=as_json) as progress:
        verification = verify(result.record, progress)
    keep_verification(replace(result, verification=verification), path)
    if as_json:
        facts = {"run_id": result.run_id, "verdict": verification.verdict, "engines": verification_facts(verification)}
        typer.echo(json.dumps(facts, ensure_ascii=False, indent=2))
    else:
        typer.echo(f"Run         {result.run_id} ({result.record.engine} engine)")
        for one in verification.comparisons:
            typer.echo(f"{one.engine:<11} {one.in_words}")
    if verification.differs:
        raise typer.Exit(DIFFERENCE_EXIT_CODE)
