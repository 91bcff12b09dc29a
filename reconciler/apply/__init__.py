"""Plan → Outcome: carries a plan out so that it can be broken off anywhere and gone on with.

How it thinks. Nothing is believed that was not seen. `step` carries one action out: it looks whether the
object still is what the plan rests on, notes in the `journal` what it is about to send, sends it, looks
again where the answer leaves doubt, and waits until the effect is there. So a lost answer is neither a loss
nor a second object, and a run that was killed is gone on with by planning again, without reading the
journal. `run` walks the graph: each action as soon as all that it waits for is done, one failure stopping
its branch alone, deletions last and only if all else went well; `rollout` holds back the waves of a set.
`lease` keeps other runs away meanwhile, `interrupt` ends in two stages, and what only listens (`listening`)
can stop nothing.
"""
