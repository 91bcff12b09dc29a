"""The benchmark: what a run costs beside a bare client, for worlds of any size."""
