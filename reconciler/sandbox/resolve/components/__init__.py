"""Components: which versions a tenant has, how they are read, and how private ones are published."""
