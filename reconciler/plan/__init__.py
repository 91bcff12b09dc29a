"""Desired × Live × Policy → Plan, pure: the same input gives the same plan on every machine.

How it thinks. `match` pairs resources with objects: by our mark first, then by what identifies an unmarked
one; what is nobody's is never touched. `mending` asks each kind, once, which steps would mend its resource,
and keeps what stands against that. `scope` says which resources the run is about: what was selected, what
that cannot do without as things stand live, and what has to stay out since it needs something that is
excluded, refused or not understood. `names` finds who has to give up what another one is to be called, with
`tangle` to undo circles, `interim` for the name of the moment, and `handing` for the actions. `deletion`
and `likeness` say what goes, and why that must wait. `build` makes actions of the steps, with an edge to
whatever brings what a step needs, and puts them in one stable order. `guards` look at the whole and may
refuse it, and `seal` gives it the checksum by which it is recognised later. Nothing here knows a kind by
name: what differs between kinds, the kinds answer.
"""
