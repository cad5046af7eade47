"""Report of a run: the result, its statistics, its tearsheet.

``stats.py`` lists every figure with formula and source, ``sections.py`` makes the tables, ``findings.py`` words what
not to believe, ``tearsheet.py`` puts them on the page.
"""
