"""The journal: every input of a session with the commands that followed, chained by hashes; state = fold(journal).

Read ``fold.py`` first: its head says what is durable when and what can race. ``entries`` are what is written, spelled
as ``types/codec.py`` says; ``chain`` is what makes a change visible; ``file`` is the form of a journal as a file.
"""
