"""Which answers the page shows, of few items and of many."""

from smoltalk.eval.page_answers import samples
from smoltalk.eval.task import Mark


class Named(str):
    """An item's name that counts how often it is looked up."""

    asked = 0

    def __hash__(self) -> int:
        Named.asked += 1
        return super().__hash__()


def marks(count: int) -> list[Mark]:
    return [Mark(Named(n), {"right": (n % 2, 1)}, "", ("so",), "" if n % 2 else "wrong", f"{n}?") for n in range(count)]


def test_half_of_what_is_shown_is_wrong_where_there_is_enough() -> None:
    shown = list(samples("t", ["m"], {("t", "m"): marks(40)}))
    assert [one.title.startswith("✕") for one in shown] == [True] * 6 + [False] * 6
    few = list(samples("t", ["m"], {("t", "m"): marks(4)}))
    assert len(few) == 4 and few[0].title == "✕ 0? (m)"


def test_an_item_costs_the_same_however_many_there_are() -> None:
    cost = []
    for count in (100, 400):
        some = {("t", "m"): marks(count)}
        Named.asked = 0
        list(samples("t", ["m"], some))
        cost.append(Named.asked / count)
    assert cost[1] < 1.2 * cost[0]
