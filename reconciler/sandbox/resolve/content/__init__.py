"""What is kept inside the rows of integrations and instances: flows, variables, values, version numbers."""
