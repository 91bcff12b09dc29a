"""A tenant as people leave it behind, of any size, taken over from the first pull to the last.

python -m tests.takeover [--instances 2000] [--seed 0]
"""
