"""Integrations: their drafts and versions, and the flows and variables that a definition gives them."""
