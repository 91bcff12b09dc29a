"""A report as one page: no network, no account, and nothing that a name in it could set going."""

from reconciler.report.html.page import html

__all__ = ["html"]
