"""Golden answers by hand: freeze them, show a run, or find the first line in which another checkout differs.

python -m tests.golden freeze                    write tests/golden/answers.txt (and answers_nse.txt with --nse FOLDER)
python -m tests.golden show 123 [section]        what a run comes to, line by line
python -m tests.golden first 123 ../old          the first line that differs from what the checkout ../old says
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from tests.golden.facts import SECTIONS, answer, facts_of
from tests.golden.runs import RUNS, golden_run

HERE = Path(__file__).parent
ANSWERS, NSE_ANSWERS = HERE / "answers.txt", HERE / "answers_nse.txt"


def freeze(nse: Path | None) -> None:
    """Write the answers of this checkout."""
    lines = [answer(f"{number:03}", golden_run(number).by_event()) for number in range(RUNS)]
    ANSWERS.write_text("\n".join(lines) + "\n", "utf-8")
    if nse is not None:
        from tests.golden.nse import NSE_RUNS, nse_bars, nse_record

        bars = nse_bars(nse)
        lines = [answer(name, nse_record(name, bars, "event")) for name in NSE_RUNS]
        NSE_ANSWERS.write_text("\n".join(lines) + "\n", "utf-8")


def shown(number: int, section: str | None) -> list[str]:
    """The lines of a run, each with its section."""
    facts = facts_of(golden_run(number).by_event())
    names = SECTIONS if section is None else (section,)
    return [f"{name} {at}: {line}" for name in names for at, line in enumerate(facts[name], start=1)]


def first(number: int, checkout: Path) -> str:
    """The first line in which this checkout and another one differ."""
    command = [sys.executable, "-m", "tests.golden", "show", str(number)]
    theirs = subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=True).stdout.splitlines()
    ours = [str(golden_run(number)), *shown(number, None)]
    for here, there in zip(ours, theirs, strict=False):
        if here != there:
            return f"here:  {here}\nthere: {there}"
    if len(ours) == len(theirs):
        return "no difference"
    longer, name = (ours, "here") if len(ours) > len(theirs) else (theirs, "there")
    return f"only {name}: {longer[min(len(ours), len(theirs))]}"


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.golden", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("freeze").add_argument("--nse", type=Path)
    for name in ("show", "first"):
        commands.add_parser(name).add_argument("number", type=int)
    commands.choices["show"].add_argument("section", nargs="?", choices=SECTIONS)
    commands.choices["first"].add_argument("checkout", type=Path)
    said = parser.parse_args()
    if said.command == "freeze":
        freeze(said.nse)
    elif said.command == "show":
        sys.stdout.write("\n".join([str(golden_run(said.number)), *shown(said.number, said.section)]) + "\n")
    else:
        sys.stdout.write(first(said.number, said.checkout) + "\n")


if __name__ == "__main__":
    main()
