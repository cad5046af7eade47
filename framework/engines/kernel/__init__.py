"""Speed only: the compiled engine's loop, the same rulebook over arrays in the Python that numba compiles.

``layout`` says what is kept, ``orders`` and ``account`` book it, ``session`` decides, ``exchange`` fills, ``loop``
drives, ``translate`` makes records of it.
The functions mirror ``framework.session`` and ``framework.exchange`` one to one; every rule is the very function of
``framework.rules``. They also run uncompiled, which is how tests cover them. Nothing here imports numba.
"""
