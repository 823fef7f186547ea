"""What may be shown of a table of counts so that no small one is shown, alone or by subtraction.

A closed day passes through here once (closing.py). What comes out is stored, and what went in is deleted; every answer
is made of what came out, and longer periods are sums of days. So no difference of two answers says more than the days
do. What this guarantees, against whom, and what not: docs/anonymity.md.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from itertools import takewhile
from typing import TypeVar

# The smallest count that is ever shown.
K = 10
# The smallest sum of thirty days that names a value where everybody may read it. A stranger can send page views of
# their own, and each address adds CONSENT_VIEW_LIMIT views of each page in an hour: ten are soon sent to have words
# shown. Staff can tell such rows from others; visitors of a public page cannot.
PUBLIC_K = 50

Value = TypeVar("Value", bound=Hashable)
Place = tuple[Value, Value]


def is_safe(rest: int, k: int = K) -> bool:
    """Whether what a reader gets by subtraction may be known: nothing, or enough."""
    return rest == 0 or rest >= k


def release(
    cells: Mapping[Value, int], total: int, k: int = K, most: int | None = None
) -> tuple[dict[Value, int], int]:
    """The cells that may be shown beside their total, and the sum of those withheld.

    The sum withheld is what a reader gets by subtraction. Where it would be small itself, the smallest of
    the shown cells is withheld with it, until it is not. Where all there is is small, the sum is given as 0.
    `total` may be more than the cells make up: the difference is withheld too. Of the cells, the `most` largest.
    """
    large = [(value, count) for value, count in cells.items() if count >= k]
    large.sort(key=lambda cell: (-cell[1], str(cell[0])))
    shown = dict(large[:most])
    rest = total - sum(shown.values())
    while shown and not is_safe(rest, k):
        rest += shown.popitem()[1]
    return shown, rest if rest >= k else 0


def release_table(
    cells: Mapping[Place[Value], int],
    kind: Callable[[Place[Value]], str] = lambda _: "",
    is_possible: Callable[[Place[Value]], bool] = lambda _: True,
    k: int = K,
    most: int | None = None,
) -> dict[Place[Value], int]:
    """The cells of a table of two ways that may be shown beside the totals of rows, columns and kinds.

    `kind` names the sort of a cell; the total of all cells of one sort is known to the reader too. No line of cells
    that share a row, a column or a kind leaves a small rest. Lines can be combined, too: so for each small cell there
    is another table with the same totals and the same shown cells in which that cell is zero, or large.

    `is_possible` says which cells a reader takes for possible, also where they are zero.
    """
    lines: dict[tuple[str, Hashable], list[Place[Value]]] = defaultdict(list)
    for cell in cells:
        for line in _lines(cell, kind):
            lines[line].append(cell)
    ordered = sorted((cell for cell in cells if cells[cell]), key=_by_size(cells), reverse=True)
    shown = {cell: cells[cell] for cell in ordered[:most] if cells[cell] >= k}

    def settle(changed: set[tuple[str, Hashable]]) -> None:
        """Leaves no small rest in lines that have changed."""
        while changed:
            for name, line in lines.items():
                if name not in changed:
                    continue
                changed.discard(name)
                if least := _beside_small_rest(cells, shown, line, k):
                    del shown[least]
                    changed.update(_lines(least, kind))

    settle(set(lines))
    is_needless = _alternatives(ordered, cells, shown, is_possible, k)
    # What has an alternative keeps it when more is hidden, so that each is looked at once.
    for bare in [cell for cell in ordered if cells[cell] < k]:
        while shown and not is_needless(bare):
            near = [cell for line in _lines(bare, kind) for cell in lines[line] if cell in shown]
            hidden = min(near or shown, key=_by_size(cells))
            del shown[hidden]
            settle(set(_lines(hidden, kind)))
    return shown


def release_nested(
    coarse: Mapping[Value, int],
    fine: dict[Value, int],
    groups: Iterable[tuple[Sequence[Value], Sequence[Value]]],
    total: int,
    k: int = K,
) -> None:
    """Takes from `fine` what would tell a small count beside `coarse`, which counts the same things, in all `total`.

    Each group names values of both that hold each other's: all iPhones are phones. What is left of the total is held
    against what else there is.
    """
    for of_coarse, of_fine in groups:
        known = sum(coarse.get(value, 0) for value in of_coarse)
        for inside, whole in (
            ({value: fine[value] for value in fine if value in of_fine}, known),
            ({value: fine[value] for value in fine if value not in of_fine}, total - known),
        ):
            while inside and known and not is_safe(abs(whole - sum(inside.values())), k):
                smallest = min(inside, key=_by_size(inside))
                del inside[smallest], fine[smallest]


def share(part: int | None, whole: int | None, k: int = K) -> float | None:
    """A rate, where both the part and what is left of the whole may be shown."""
    if part is None or not whole or part < k or not is_safe(whole - part, k):
        return None
    return part / whole


def step(count: int, k: int = K) -> int:
    """A running day's total, in steps of k: one more shows only where it completes a step."""
    return count // k * k


def late_step(count: int, lag: Callable[[int], int], k: int = K) -> int:
    """A running day's total in steps of k, which shows late: after k more, and some more again.

    How many more, from 0 to k, says `lag` for each step, and nobody may know it. So somebody who sees a step complete
    knows the count of that moment no nearer than k, also beside the exact figures of the closed day.
    """
    steps = count // k - 1
    if steps > 0 and count < k * (steps + 1) + lag(steps):
        steps -= 1
    return max(0, steps) * k


def _lines(
    cell: Place[Value], kind: Callable[[Place[Value]], str]
) -> tuple[tuple[str, Hashable], ...]:
    return ("row", cell[0]), ("column", cell[1]), ("kind", kind(cell))


def _by_size(cells: Mapping[Value, int]) -> Callable[[Value], tuple[int, str]]:
    return lambda value: (cells[value], str(value))


def _beside_small_rest(
    cells: Mapping[Place[Value], int],
    shown: Mapping[Place[Value], int],
    line: list[Place[Value]],
    k: int,
) -> Place[Value] | None:
    """The least cell that is shown, where what the line has besides is too small; else None."""
    visible = [cell for cell in line if cell in shown]
    rest = sum(cells[cell] for cell in line if cell not in shown)
    return min(visible, key=_by_size(cells)) if visible and not is_safe(rest, k) else None


def _alternatives(
    ordered: Sequence[Place[Value]],
    cells: Mapping[Place[Value], int],
    shown: Mapping[Place[Value], int],
    is_possible: Callable[[Place[Value]], bool],
    k: int,
) -> Callable[[Place[Value]], bool]:
    """What tells whether a small cell need not be small, though the totals and the shown cells are what they are.

    Take four withheld cells at the corners of a rectangle: where two opposite ones become less by some amount and the
    two others more, all totals stay as they are. So a cell need not be small if it is the less of such a rectangle,
    down to zero, or the more, up to k. `ordered` are the cells that are not zero, the largest first.
    """
    of_row, of_column = defaultdict(list), defaultdict(list)
    for row, column in ordered:
        of_row[row].append(column)
        of_column[column].append(row)

    def is_free(cell: Place[Value]) -> bool:
        return cell not in shown and is_possible(cell)

    def can_be_zero(row: Value, column: Value) -> bool:
        count = cells[row, column]
        return any(
            other != row
            and another != column
            and (other, another) not in shown
            and is_free((row, another))
            and is_free((other, column))
            for other, another in takewhile(lambda cell: cells[cell] >= count, ordered)
        )

    def can_be_large(row: Value, column: Value) -> bool:
        more = k - cells[row, column]

        def is_enough(cell: Place[Value]) -> bool:
            return cell not in shown and cells[cell] >= more

        others = [each for each in of_column[column] if each != row and is_enough((each, column))]
        return any(
            is_free((other, another))
            for another in of_row[row]
            if another != column and is_enough((row, another))
            for other in others
        )

    return lambda cell: can_be_zero(*cell) or can_be_large(*cell)
