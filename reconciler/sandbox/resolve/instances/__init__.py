"""Instances: their values, settings of flows and profiles, and how they are changed and deployed."""
