"""Runs `apply` through faults, kills and other people's edits, and holds the tenant against a model."""
