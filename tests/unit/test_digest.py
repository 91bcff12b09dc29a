"""One digest for one meaning, however quickly it is worked out."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.digest import sha256, sha256_of_plain

SCALARS = st.none() | st.booleans() | st.integers() | st.text(st.characters(codec=None))
PLAIN = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
)


@given(PLAIN)
def test_what_is_plain_has_the_same_digest_by_the_quick_way(value: object):
    assert sha256_of_plain(value) == sha256(value)
