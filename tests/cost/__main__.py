"""`python -m tests.cost`: writes the table anew."""

from tests.cost.stories import TABLE, table

TABLE.write_text(table(), encoding="utf-8")
