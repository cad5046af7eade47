"""Cells of files and frames to checked bars: headings, numbers, times, zones, timeframes; one gate for both."""
