"""The budget: nobody holds more than there is, and everybody's turn comes."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relume.errors import TooLargeError
from relume.serve.budget import Budget, Hold


def test_turns_come_in_order_and_what_is_released_is_given_on() -> None:
    async def run() -> list[str]:
        budget, order = Budget(100), []
        first = await budget.wait(80, what="a")

        async def later(name: str, size: int) -> Hold:
            hold = await budget.wait(size, what=name)
            order.append(name)
            return hold

        large = asyncio.create_task(later("large", 90))
        small = asyncio.create_task(later("small", 10))  # fits now, but it is not its turn
        await asyncio.sleep(0)
        assert order == []
        first.shrink(40)
        await asyncio.sleep(0)
        assert order == []
        first.release()
        first.release()
        (await large).release()
        (await small).release()
        assert budget.free == 100
        return order

    assert asyncio.run(run()) == ["large", "small"]


def test_one_who_leaves_lets_the_next_in() -> None:
    async def run() -> None:
        budget = Budget(100)
        first = await budget.wait(60, what="a")
        gone = asyncio.create_task(budget.wait(90, what="b"))
        next_one = asyncio.create_task(budget.wait(40, what="c"))
        await asyncio.sleep(0)
        gone.cancel()
        hold = await next_one
        first.release()
        hold.release()
        assert budget.free == 100

    asyncio.run(run())


def test_one_who_leaves_just_when_it_is_let_in_gives_back() -> None:
    async def run() -> None:
        budget = Budget(100)
        first = await budget.wait(100, what="a")
        gone = asyncio.create_task(budget.wait(100, what="b"))
        await asyncio.sleep(0)
        first.release()
        gone.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gone
        assert budget.free == 100

    asyncio.run(run())


def test_what_never_fits_is_refused() -> None:
    with pytest.raises(TooLargeError, match="raise it with --memory"):
        asyncio.run(Budget(2**20).wait(2**20 + 1, what="9 × 9 pixels"))


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 60)), max_size=40))
def test_uploads_never_hold_more_than_there_is(steps: list[tuple[bool, int]]) -> None:
    budget = Budget(100)
    holds = [budget.hold(), budget.hold()]
    for grows, size in steps:
        hold = holds[size % 2]
        if grows:
            before = hold.size
            assert hold.grow(size) == (hold.size == before + size)
        else:
            hold.shrink(size)
        assert budget.free == 100 - sum(one.size for one in holds)
        assert budget.free >= 0
