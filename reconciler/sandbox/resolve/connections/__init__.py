"""Connections that integrations share, for the organization or for each customer, and who authorised them."""
