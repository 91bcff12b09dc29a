"""`python -m tests.pipelines.include` writes ci/gitlab.yml, for projects that include the pipeline instead of
having it written by `init`: the same text, with inputs where a matrix cannot have variables.
"""

from __future__ import annotations

from importlib import resources
from pathlib import Path

FILE = Path(__file__).parents[2] / "ci/gitlab.yml"
_HEAD = """\
# Written by `make schemas` from what `reconciler init --ci gitlab` writes. To include it, from a copy of this
# repository on the same GitLab, by a commit:
#
#   include:
#     - project: acme/reconciler
#       ref: <commit>
#       file: /ci/gitlab.yml
#       inputs: {environments: [staging, production]}
#   variables: {PROJECT: shop, FOLDER: infra/prismatic} # and the other settings below that are to differ
spec:
  inputs:
    environments: {type: array, default: [production], description: of the project file}
    shards: {type: array, default: ["1/1"], description: 'the shares, such as ["1/2", "2/2"]'}
---
"""


def text() -> str:
    """What the file is to say."""
    template = resources.files("reconciler.verbs").joinpath("templates", "gitlab-ci.yml").read_text("utf-8")
    places = {
        "&environments [production]": "&environments $[[ inputs.environments ]]",
        'SHARD: ["1/1"]': "SHARD: $[[ inputs.shards ]]",
        "__PROJECT__": "reconciler",
        "__FOLDER__": ".",
        "__WITHIN__": "",
    }
    for place, value in places.items():
        assert template.count(place) == 1, place
        template = template.replace(place, value)
    return _HEAD + template


if __name__ == "__main__":
    FILE.write_text(text(), "utf-8")
