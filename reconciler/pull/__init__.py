"""A tenant into manifests and definition files, as plain data: the path of each file, and its text.

`objects.py` says which objects can be told, and what they are called; `definitions.py` what a definition file
holds; `layout.py` where each file stands; `text.py` writes a manifest down, with comments in the place of
what must not be written; `files.py` puts them together.

Of what is there already, `known.py` says what changes, and whose change counts: `past.py` holds what files
said before, and `base.py` asks it who changed a value. `published.py` merges definitions, and
`environments.py` keeps what other environments share as it is. `rewrite.py` and `reworded.py` change single
lines.
"""
