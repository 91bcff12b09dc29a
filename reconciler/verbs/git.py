"""How git is called in a folder whose files may be anybody's."""

from __future__ import annotations

GIT = ("git", "-c", "safe.bareRepository=explicit", "-c", "core.fsmonitor=false")
"""With what every call begins. The files of a bare repository can be committed into a folder, which would
then count as the repository that is asked, with revisions and a configuration of its own.
"""
