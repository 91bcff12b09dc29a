"""What the manifest of an Integration may say."""

from __future__ import annotations

from reconciler.kinds.table.places import LABELS
from reconciler.kinds.table.row import Row
from reconciler.kinds.table.schema import RELEASE
from reconciler.kinds.table.shape import NAME, TEXT, by_name, secret_or, truth, words

ROWS = (
    Row("name", NAME, "The display name. Absent: the definition's.", "Slack Sync"),
    Row("description", TEXT, "Absent: the definition's.", "Posts new orders to a channel."),
    Row("category", TEXT, "Absent: the definition's.", "Communication"),
    LABELS,
    Row(
        "definition",
        NAME,
        "The definition file (YAML, version 7), relative to this file and inside the project.",
        "../definitions/slack-sync.yml",
        secret="may",
    ),
    Row(
        "definitionSecrets",
        by_name(secret_or("a secret: ")),
        "What is put in the place of ${secret:NAME} in the definition before it is sent, by NAME.",
        {"SLACK_SECRET": {"secret": {"env": "SLACK_SECRET"}}},
        apart=True,
        secret="always",
    ),
    Row(
        "bundle",
        NAME,
        "The folder of a built code-native integration (it holds index.js), relative to this file and inside "
        "the project; in place of a definition.",
        "../dist/",
        apart=True,
    ),
    Row(
        "release",
        RELEASE,
        "Publish the definition under this name. Absent: keep a draft only.",
        "1.4.0",
    ),
    Row("comment", TEXT, "The comment of the published version.", "Retries on 429."),
    Row("available", truth(), "Whether instances can choose the published version.", True),
    Row(
        "draft",
        words("leave", "follow"),
        "What becomes of the draft while the release is published already: leave it to people who work on "
        "it, or follow the definition in git. Absent: leave.",
        "follow",
    ),
)
RULES: dict[str, object] = {
    "if": {"required": ["bundle"]},
    "then": {
        "not": {"required": ["definition"]},
        "errorMessage": "names a definition and a bundle: keep one of them",
    },
    "else": {"required": ["definition"]},
}
"""That there is either a definition or a bundle."""
