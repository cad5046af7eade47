"""Report of a run: the result, its metrics, its tearsheet."""
