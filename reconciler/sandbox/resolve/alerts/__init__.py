"""Whom a tenant tells what happens: monitors, groups and webhooks of alerts, log streams, event webhooks."""
