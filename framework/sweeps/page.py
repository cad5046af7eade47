"""A plot of a sweep as a page: needs no network, fits a telephone, and is dark where the reader's system is."""

from __future__ import annotations

import json
from html import escape
from typing import TYPE_CHECKING

import plotly.io

from framework.report.content_policy import with_policy

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

LIGHT, DARK = "plotly_white", "plotly_dark"
PLOT_WIDTH = 220
"""Pixels that each plot of several side by side has at least; a narrower screen scrolls."""
PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ margin: 0; font-family: sans-serif; }}
h1 {{ margin: 0; padding: 12px 16px; font-size: 1.1rem; font-weight: normal; }}
@media (prefers-color-scheme: dark) {{ body {{ background: #111; color: #eee; }} }}
.plot {{ min-width: {width}px; }}
</style>
</head>
<body>
<h1>{title}</h1>
<div class="plot">
{plot}
</div>
</body>
</html>
"""
DRESS = """
const dark = matchMedia("(prefers-color-scheme: dark)");
const dress = () => Plotly.relayout("{plot_id}", {template: dark.matches ? DARK : LIGHT});
dark.addEventListener("change", dress);
dress();
"""


def page_of(chart: Figure) -> str:
    """The whole page. Its colours follow the reader's system, also when that changes while the page is open."""
    templates = {word: json.dumps(plotly.io.templates[word].to_plotly_json()) for word in (LIGHT, DARK)}
    script = DRESS.replace("LIGHT", templates[LIGHT]).replace("DARK", templates[DARK])
    title = escape(chart.layout.title.text)
    beside = len({trace.xaxis for trace in chart.data})
    chart.update_layout(title=None, margin={"t": 40}, legend={"orientation": "h", "y": -0.2})
    plot = chart.to_html(
        full_html=False,
        include_plotlyjs=True,
        default_height="calc(100vh - 5rem)",
        config={"responsive": True, "displaylogo": False},
        post_script=script,
    )
    return with_policy(PAGE.format(title=title, width=PLOT_WIDTH * beside if beside > 1 else 0, plot=plot))
