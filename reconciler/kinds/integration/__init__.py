"""Integration: its draft, its versions and their releases, and what a release means for its instances."""
