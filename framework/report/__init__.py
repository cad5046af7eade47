"""What a run amounted to: the result, its metrics, its tearsheet."""
