"""The journal: every input of a session with the commands that followed, chained by hashes; state = fold(journal).

Read ``fold.py`` first: its head says what is durable when and what can race. ``entries`` are what is written, ``codec``
how values are spelled, ``chain`` what makes a change visible, ``file`` the form of a journal as a file.
"""
