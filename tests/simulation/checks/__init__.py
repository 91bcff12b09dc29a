"""What must hold of each run: held against what reached the tenant, the commits and what people did. Nothing
here asks the planner.
"""
