"""How each field of the schema is answered: a module a kind, and what they share."""
