"""Integration: its draft, its versions and their releases, and what a release means for its instances.

`node` is how the server answers one, `facts` what is known of it beside its fields; `kind` answers the
protocol's questions and leaves the thinking to the others. `draft` says whether git's definition is to be
imported, `release` which version a name means, `latest` what LATEST has come to mean, `source` what a bundle
adds; `steps` puts these together, and `calls` says what a step sends. `memory` is what we write on it, in the
draft's `metadata`.
"""
