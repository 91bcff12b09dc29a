"""Instance: its version, configuration, flows and tests, and what it remembers of them.

`node` is how the server answers one, `parsed` how that reads, `facts` what is known beside its `fields`;
`kind` answers the protocol's questions and leaves the thinking to the others. `config` compares variables
(`config_values`: what a value means by its type, `config_forms`: the form that is recorded, `config_causes`:
who changed it, `config_wanted`: what git asks), `flows` the settings of flows, `release` the version. `steps`
puts these together (which `alike` spares what equals its manifest), `calls` says what a step sends, and
`record` what is remembered with it.
"""
