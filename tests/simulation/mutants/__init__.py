"""The mutation check: faults that are put into the product, each of which the simulation must find."""

from tests.simulation.mutants import applied, chosen, guarded, planned, sent  # noqa: F401
from tests.simulation.mutants.mutant import MUTANTS, Mutant

__all__ = ["MUTANTS", "Mutant"]
