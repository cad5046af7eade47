"""History of the stored bars: what each import changed, and how that is taken back."""
