from __future__ import annotations

import anyio
import pytest

from reconciler.api import Client, Credentials, read_all, stream
from reconciler.model.errors import ApiError, NotFound, TooCostly
from reconciler.model.operation import Operation

pytestmark = pytest.mark.anyio


class Listing:
    """A list on a server, which `before` may change ahead of each read."""

    def __init__(self, count, *, largest=100, before=None, total=True):
        self.rows = [{"id": str(number)} for number in range(count)]
        self.largest = largest
        self.before = before or (lambda listing: None)
        self.total = total
        self.reads = []
        self.active = self.most = 0

    async def execute(self, op):
        self.active += 1
        self.most = max(self.most, self.active)
        await anyio.lowlevel.checkpoint()
        self.active -= 1
        first, offset = op.variables["first"], op.variables["offset"]
        self.reads.append((first, offset))
        self.before(self)
        nodes = self.rows[offset : offset + min(first, self.largest)]
        end = offset + len(nodes)
        info = {"hasNextPage": end < len(self.rows), "endCursor": str(end) if nodes else None}
        return {"nodes": nodes, "pageInfo": info} | ({"totalCount": len(self.rows)} if self.total else {})


def by_offset(first, offset):
    return Operation("customers", "{ customers { nodes { id } } }", {"first": first, "offset": offset})


def by_cursor(first, after):
    return by_offset(first, int(after or 0))


@pytest.mark.parametrize(("count", "reads"), [(0, 1), (1, 1), (100, 1), (101, 2), (1234, 13)])
async def test_every_row_is_read_once_and_in_order(count, reads):
    listing = Listing(count)
    assert await read_all(listing, by_offset) == listing.rows
    assert len(listing.reads) == reads


async def test_the_first_page_is_alone_and_the_rest_together():
    listing = Listing(50)
    await read_all(listing, by_offset, page=5, concurrency=4)
    assert listing.reads[0] == (5, 0)
    assert listing.most == 4


class Node(dict):
    """A node of an answer, that knows how many others there are."""

    alive = most = 0

    def __init__(self, *given):
        super().__init__(*given)
        Node.alive += 1
        Node.most = max(Node.most, Node.alive)

    def __del__(self):
        Node.alive -= 1


async def test_of_a_long_list_only_what_is_kept_stays():
    listing = Listing(5000)

    class Sent:
        async def execute(self, op):
            answer = await listing.execute(op)
            return {**answer, "nodes": [Node(row) for row in answer["nodes"]]}

    ids = await read_all(Sent(), by_offset, concurrency=4, kept=lambda node: node["id"])
    assert ids == [row["id"] for row in listing.rows]
    assert Node.alive == 0
    assert Node.most <= 6 * 100, "the pages that are under way, and not all fifty"


async def test_a_list_that_changes_is_read_again_also_where_ids_are_not_kept():
    def one_twice(listing):
        if len(listing.reads) == 2:
            listing.rows[0], listing.rows[7] = listing.rows[7], listing.rows[0]

    listing = Listing(10, before=one_twice)
    kept = await read_all(listing, by_offset, page=5, kept=lambda node: None)
    assert kept == []
    assert len(listing.reads) == 4, "two pages, of which the second brought one of the first again, twice"


async def test_no_page_is_larger_than_the_server_allows():
    listing = Listing(150)
    await read_all(listing, by_offset, page=500)
    assert {first for first, _ in listing.reads} == {100}


async def test_a_server_may_give_less_than_was_asked_for():
    listing = Listing(95, largest=10)
    assert await read_all(listing, by_offset) == listing.rows


async def test_null_nodes_count_but_are_left_out():
    listing = Listing(12)
    listing.rows[3] = None
    assert await read_all(listing, by_offset, page=5) == [row for row in listing.rows if row]


@pytest.mark.parametrize("change", ["append", "remove_first", "swap"])
async def test_a_list_that_changes_meanwhile_is_read_again(change):
    def alter(listing):
        if len(listing.reads) != 2:
            return
        if change == "append":
            listing.rows.append({"id": "new"})
        elif change == "remove_first":
            del listing.rows[0]
        else:  # the count stays, a row shifts from one page to the next
            listing.rows.insert(0, listing.rows.pop(15))

    listing = Listing(30, before=alter)
    assert await read_all(listing, by_offset, page=10) == listing.rows


async def test_a_list_that_never_rests_is_an_error():
    listing = Listing(30, before=lambda self: self.rows.append({"id": f"new{len(self.reads)}"}))
    with pytest.raises(ApiError, match="keeps changing") as caught:
        await read_all(listing, by_offset, page=10)
    assert caught.value.operation == "customers"


@pytest.mark.parametrize("count", [0, 7, 30])
async def test_a_list_without_a_count_is_followed(count):
    listing = Listing(count, total=False)
    assert await read_all(listing, by_offset, page=10) == listing.rows


async def test_an_error_on_any_page_arrives_as_itself():
    def fail(listing):
        if len(listing.reads) == 3:
            raise NotFound("gone")

    with pytest.raises(NotFound, match="gone"):
        await read_all(Listing(50, before=fail), by_offset, page=10)


@pytest.mark.parametrize("answer", [None, "text", {"nodes": None}])
async def test_what_is_no_list(answer):
    class Odd:
        async def execute(self, op):
            return answer

    with pytest.raises(ApiError, match="not a list"):
        await read_all(Odd(), by_offset)


async def test_a_stream_reads_only_as_far_as_it_is_followed():
    listing = Listing(30)
    got = []
    async for row in stream(listing, by_cursor, page=10):
        got.append(row)
        if len(got) == 15:
            break
    assert got == listing.rows[:15]
    assert len(listing.reads) == 2


async def test_a_stream_gives_all_rows_in_order_and_none_twice():
    def shift(listing):
        if len(listing.reads) == 2:
            listing.rows.insert(0, {"id": "new"})

    listing = Listing(25, before=shift)
    listing.rows[4] = None
    rows = [row async for row in stream(listing, by_cursor, page=10)]
    assert [row["id"] for row in rows] == [str(n) for n in range(25) if n != 4]


@pytest.mark.parametrize("cursor", [None, "7"])
async def test_a_stream_that_cannot_go_on_is_an_error(cursor):
    class Stuck:
        async def execute(self, op):
            return {"nodes": [], "pageInfo": {"hasNextPage": True, "endCursor": cursor}}

    with pytest.raises(ApiError, match="more pages"):
        [row async for row in stream(Stuck(), by_cursor)]


class Dear(Listing):
    """A list that gives no page of more rows than it finds affordable."""

    def __init__(self, count, affordable, **more):
        super().__init__(count, **more)
        self.affordable = affordable

    async def execute(self, op):
        if op.variables["first"] > self.affordable:
            self.reads.append((op.variables["first"], op.variables["offset"]))
            raise TooCostly("customers: Query cost limit exceeded", operation=op.name)
        return await super().execute(op)


@pytest.mark.parametrize("total", [True, False])
@pytest.mark.parametrize(
    ("affordable", "sizes"), [(100, [100]), (20, [100, 50, 20]), (3, [100, 50, 20, 10, 5, 2])]
)
async def test_pages_are_as_large_as_the_server_finds_affordable(affordable, sizes, total):
    dear = Dear(23, affordable, total=total)
    assert await read_all(dear, by_offset) == dear.rows
    assert list(dict.fromkeys(first for first, _ in dear.reads)) == sizes
    dear.reads.clear()
    assert [row async for row in stream(dear, by_cursor)] == dear.rows
    assert list(dict.fromkeys(first for first, _ in dear.reads)) == sizes


async def test_where_no_page_is_affordable_that_is_said():
    dear = Dear(23, 0)
    with pytest.raises(TooCostly):
        await read_all(dear, by_offset)
    assert dear.reads[-1] == (1, 0)


class Learning(Dear):
    """A client of such a server that keeps what it found out."""

    def __init__(self, count, affordable):
        super().__init__(count, affordable)
        self.sizes = {}


async def test_what_was_too_costly_once_is_not_asked_for_again():
    dear = Learning(23, 20)
    assert await read_all(dear, by_offset) == dear.rows
    dear.reads.clear()
    assert await read_all(dear, by_offset) == dear.rows
    assert [row async for row in stream(dear, by_cursor)] == dear.rows
    assert {first for first, _ in dear.reads} == {20}
    assert list(dear.sizes.values()) == [20]


def test_a_client_begins_with_what_an_earlier_one_found_out():
    known = {"page customers 0123456789ab": (20, 100), "reads": (3, 50)}
    url = "https://tenant.example"
    later = Client(url, Credentials(url), batch=None, learned=known)
    assert later.sizes == {"customers 0123456789ab": 20}
    assert later.learned == known
