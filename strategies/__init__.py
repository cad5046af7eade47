"""The strategies: one file each, found by its name. Put your own file here, or anywhere else."""
