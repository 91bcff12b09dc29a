"""YAML as Prismatic's own tools read it, with the place of everything that was read.

There is one reader: for manifests and definitions, and for what a tenant sends back.
"""
