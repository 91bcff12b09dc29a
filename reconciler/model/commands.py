"""Our commands within what people are told: they are pasted, so they get options and stay whole."""

from __future__ import annotations

COMMAND = (
    r"\breconciler (?:validate|plan|apply|drift|pull|adopt|forget|list|get|test|deploy|enable|disable"
    r"|whoami|api|probe|history|promote|snapshot|rehearse|graph|policy(?: test)?|merge-reports"
    r"|sandbox (?:reset|seed|fault|rule))"
    r"(?![\w-])(?:[^,;`\n]*[^,;`\n\s.])?"
)
"""A command, up to where the sentence goes on."""
