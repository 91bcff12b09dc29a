"""Who there is: the organization, its people and those of its customers, and the roles they can have."""
