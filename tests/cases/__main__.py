"""`python -m tests.cases [NAME…]`."""

from tests.cases.story import main

main()
