"""`python -m reconciler` does what `reconciler` does."""

from reconciler.cli.main import main

main()
