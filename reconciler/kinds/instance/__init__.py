"""Instance: its version, configuration, flows and tests, and what it remembers of them."""
