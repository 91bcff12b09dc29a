"""Experiments on a tenant with scratch objects: which of the answers to each open question holds there."""
