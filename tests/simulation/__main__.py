"""Simulation of the runner: ``python -m tests.simulation --seeds 200``."""

import sys

from tests.simulation.command import main

sys.exit(main(sys.argv[1:]))
