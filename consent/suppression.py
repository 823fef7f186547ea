"""What may be shown of a table of counts so that no small one is shown, alone or by subtraction.

Everything released is a function of whole days: each closed day is released once, the same way for every
question, and longer periods are sums of days. So no difference of two answers says more than the days do.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping
from typing import TypeVar

# The smallest count that is ever shown.
K = 10

Value = TypeVar("Value", bound=Hashable)


def release(cells: Mapping[Value, int], k: int = K) -> tuple[dict[Value, int], int]:
    """The cells that may be shown beside their total, and the sum of those withheld.

    The sum withheld is what a reader gets by subtraction. Where it would be small itself, the smallest of
    the shown cells is withheld with it, until it is not. Where all there is is small, the sum is given as 0.
    """
    shown = {value: count for value, count in cells.items() if count >= k}
    rest = sum(cells.values()) - sum(shown.values())
    while 0 < rest < k and shown:
        rest += shown.pop(_smallest(shown))
    return shown, rest if rest >= k else 0


def release_table(
    cells: Mapping[tuple[Value, Value], int],
    kind: Callable[[tuple[Value, Value]], str],
    k: int = K,
) -> dict[tuple[Value, Value], int]:
    """The cells of a table of two ways that may be shown beside the totals of rows, columns and kinds.

    `kind` names the sort of a cell; the total of all cells of one sort is known to the reader too.
    """
    lines: dict[tuple[str, Hashable], list[tuple[Value, Value]]] = defaultdict(list)
    for cell in cells:
        lines["row", cell[0]].append(cell)
        lines["column", cell[1]].append(cell)
        lines["kind", kind(cell)].append(cell)
    shown = {cell: count for cell, count in cells.items() if count >= k}
    settled = False
    while not settled:
        settled = True
        for line in lines.values():
            rest = sum(cells[cell] for cell in line if cell not in shown)
            visible = {cell: shown[cell] for cell in line if cell in shown}
            if 0 < rest < k and visible:
                del shown[_smallest(visible)]
                settled = False
    return shown


def step(count: int, k: int = K) -> int:
    """A running day's total, in steps of k: one more or one less is not to be seen."""
    return count // k * k


def _smallest(cells: Mapping[Value, int]) -> Value:
    return min(cells, key=lambda value: (cells[value], str(value)))
