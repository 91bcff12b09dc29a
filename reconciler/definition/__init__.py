"""What a Prismatic definition says. Nobody else in the package reads into one.

A `Definition` holds the author's text, which is sent as it is, and the tree that was read from it. Trees come
from files, from bundles and from tenants that speak a later dialect than we know: so whatever reads a tree
takes what it understands, passes over the rest, and never fails. `tree` says how; `variables`, `flows` and
`components` each find one thing, wherever it may stand, and all others ask them.

`meaning` takes out what says nothing, so that a text and what a tenant made of it can be compared;
`differences` tells what is left, `withheld` which of that is shown. `check` is what an author is told, at the
place in the file. All is pure: files are read by `manifests`, and a schema is held against them there.
"""

from reconciler.definition.configuration import Configuration
from reconciler.definition.definition import Definition
from reconciler.definition.variables import Variable

__all__ = ["Configuration", "Definition", "Variable"]
