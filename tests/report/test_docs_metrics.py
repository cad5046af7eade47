"""The page on metrics tells what the code does."""

from pathlib import Path

from framework.report.stats import STATS, markdown

PAGE = (Path(__file__).parents[2] / "docs" / "metrics.md").read_text(encoding="utf-8")


def test_the_table_of_formulas_is_the_registrys():
    assert markdown() in PAGE


def test_every_source_is_listed():
    sources = PAGE[PAGE.index("## Sources") :]
    for stat in STATS:
        name = stat.source.split()[0].rstrip(",")
        assert name in sources or name in {"own", "ledger"}, stat.source
