"""A process of its own: which figures give small counts away, all together, and which of them to withhold.

It reads questions and writes answers, a line of JSON each, and ends when nothing has come for a while. It is run by its
path and imports nothing of ours, because the solver's memory and time are not the server's (disclosure.py asks it).

What an intruder knows is a system of linear equations: each figure is a sum of cells, and no cell is less than zero.
Between the least and the most that a cell can be lie all values that it may have had. Statistical offices call finding
out the audit of a table (Hundepool et al., Statistical Disclosure Control, 2012, chapter 4.4); HiGHS does the work.
"""

import json
import math
import os
import select
import signal
import sys
import time
from contextlib import suppress
from typing import Any

import highspy
import numpy as np

# Seconds without a question.
IDLE = 20.0
NEAR = 1e-6
NOTHING_KNOWN = (-highspy.kHighsInf, highspy.kHighsInf)

# A number, the cells that make it up, and whether it may be withheld.
Sum = tuple[int, list[int], bool]


class Late(Exception):
    """The time for a question is up."""


class Worlds:
    """All that the cells can have been, when these sums are known of them."""

    def __init__(self, cells: int, sums: list[Sum], ends: float) -> None:
        self._ends = ends
        self._sums = sums
        self._highs = _load(cells, sums)
        # The least and the most that each cell was found to be.
        self.least = np.full(cells, np.inf)
        self.most = np.full(cells, -np.inf)

    def look(self, costs: Any) -> None:
        """Finds the world in which this costs least. Raises Late."""
        remaining = self._ends - time.monotonic()
        if remaining <= 0:
            raise Late
        every = np.arange(len(costs), dtype=np.int32)
        self._highs.changeColsCost(len(costs), every, costs)
        # HiGHS counts the time of all its runs together.
        self._highs.setOptionValue("time_limit", self._highs.getRunTime() + remaining)
        self._highs.run()
        if self._highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            raise Late
        found = np.array(self._highs.getSolution().col_value)
        self.least = np.minimum(self.least, found)
        self.most = np.maximum(self.most, found)

    def look_at(self, cell: int) -> set[int]:
        """Finds the least and the most of one cell. The sums that hold it there."""
        costs = np.zeros(len(self.least))
        bounding: set[int] = set()
        for sign in (1.0, -1.0):
            costs[cell] = sign
            self.look(costs)
            duals = np.array(self._highs.getSolution().row_dual)
            bounding.update(np.flatnonzero(np.abs(duals) > NEAR).tolist())
        return bounding

    def forget(self, place: int) -> None:
        """That sum is not known."""
        self._highs.changeRowBounds(place, *NOTHING_KNOWN)

    def learn(self, place: int) -> None:
        """That sum is known again, and of no cell any more what it can be."""
        number = float(self._sums[place][0])
        self._highs.changeRowBounds(place, number, number)
        self.least[:] = np.inf
        self.most[:] = -np.inf

    def is_near(self, cell: int, k: int) -> bool:
        """Whether it is not found to have room enough."""
        return not float(self.most[cell] - self.least[cell]) >= k - NEAR


class Audit:
    """One question. `cells` are counts (None: not known to us either)."""

    def __init__(self, question: dict[str, Any]) -> None:
        self._k: int = question["k"]
        ends = time.monotonic() + question["seconds"]
        self._counts: list[int | None] = question["cells"]
        self._sums: list[Sum] = question["sums"]
        self._worlds = Worlds(len(self._counts), self._sums, ends)
        fixed = [each for each in self._sums if not each[2]]
        self._without_figures = Worlds(len(self._counts), fixed, ends)
        self.withheld: list[int] = []

    def run(self) -> None:
        """Finds what to withhold. Raises Late; then `withheld` is not enough."""
        self._look_at_many()
        for cell in range(len(self._counts)):
            if not self._is_open(cell):
                continue
            bounding = self._worlds.look_at(cell)
            if self._is_told(self._worlds, cell) and not self._is_told_anyway(cell):
                self._withhold(cell, bounding)

    def give_back(self) -> None:
        """Publishes those of the withheld figures, the largest first, that tell nothing beside the others.

        What one cell needed may be more than all of them need. Raises Late; `withheld` is enough all the time.
        """
        for place in sorted(self.withheld, key=lambda each: -self._sums[each][0]):
            self._worlds.learn(place)
            if self._tells_nothing():
                self.withheld.remove(place)
            else:
                self._worlds.forget(place)

    def _tells_nothing(self) -> bool:
        self._look_at_many()
        for cell in range(len(self._counts)):
            if self._is_open(cell):
                self._worlds.look_at(cell)
                if self._is_told(self._worlds, cell) and not self._is_told_anyway(cell):
                    return False
        return True

    def _look_at_many(self) -> None:
        """Most cells can be much and little: few worlds show it of all of them."""
        for bit in range(len(self._counts).bit_length()):
            near = [cell for cell in range(len(self._counts)) if self._is_open(cell)]
            if not near:
                return
            for sign in (1.0, -1.0):
                costs = np.zeros(len(self._counts))
                costs[near] = [
                    sign if not bit or place >> (bit - 1) & 1 else -sign
                    for place, _ in enumerate(near)
                ]
                self._worlds.look(costs)

    def _is_open(self, cell: int) -> bool:
        """Whether it may be small, and is not found to have room enough."""
        count = self._counts[cell]
        is_small = count is None or 0 < count < self._k
        return is_small and self._worlds.is_near(cell, self._k)

    def _is_told(self, worlds: Worlds, cell: int) -> bool:
        """Whether it is surely small, and told nearer than k."""
        if not worlds.is_near(cell, self._k):
            return False
        if self._counts[cell] is not None:
            return True
        least, most = math.ceil(worlds.least[cell] - NEAR), math.floor(worlds.most[cell] + NEAR)
        return bool(most > 0 and least < self._k)

    def _is_told_anyway(self, cell: int) -> bool:
        """Whether totals tell it that are always published."""
        self._without_figures.look_at(cell)
        return self._is_told(self._without_figures, cell)

    def _withhold(self, cell: int, bounding: set[int]) -> None:
        """Withholds the smallest of the figures that hold this cell where it is, until it has room."""
        while self._is_told(self._worlds, cell):
            free = [
                place
                for place, (_, _, may_be_withheld) in enumerate(self._sums)
                if may_be_withheld and place not in self.withheld
            ]
            nearest = [place for place in free if place in bounding]
            smallest = min(nearest or free, key=lambda place: (self._sums[place][0], place))
            self.withheld.append(smallest)
            self._worlds.forget(smallest)
            bounding = self._worlds.look_at(cell)


def _load(cells: int, sums: list[Sum]) -> Any:
    highs: Any = highspy.Highs()  # type: ignore[no-untyped-call]
    highs.setOptionValue("output_flag", False)
    highs.setOptionValue("threads", 1)
    # Only what is looked for changes: what was found before is where the primal simplex method begins.
    highs.setOptionValue("simplex_strategy", 4)
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = cells, len(sums)
    model.col_cost_ = model.col_lower_ = np.zeros(cells)
    # No cell is more than all there is.
    model.col_upper_ = np.full(cells, float(max(number for number, _, _ in sums)))
    model.row_lower_ = model.row_upper_ = np.array([float(number) for number, _, _ in sums])
    matrix = model.a_matrix_
    matrix.format_ = highspy.MatrixFormat.kRowwise
    matrix.start_ = np.cumsum([0, *(len(inside) for _, inside, _ in sums)])
    matrix.index_ = np.concatenate([inside for _, inside, _ in sums]).astype(np.int32)
    matrix.value_ = np.ones(len(matrix.index_))
    highs.passModel(model)
    return highs


def answer(question: dict[str, Any]) -> dict[str, Any]:
    """The places of the sums to withhold, and whether there was time to find all of them."""
    audit = Audit(question)
    try:
        audit.run()
    except Late:
        return {"withheld": audit.withheld, "in_time": False}
    with suppress(Late):
        audit.give_back()
    return {"withheld": audit.withheld, "in_time": True}


def main() -> None:
    # Ctrl+C in a terminal is for whoever asks; the end of the questions is for this.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # HiGHS writes its name to the standard output, whatever its options say.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    while select.select([sys.stdin], [], [], IDLE)[0]:
        line = sys.stdin.readline()
        if not line:
            return
        print(json.dumps(answer(json.loads(line))), file=answers, flush=True)


if __name__ == "__main__":
    main()
