"""A declarative GitOps reconciler for Prismatic."""
