"""No small count is shown, alone or by subtraction."""

from hypothesis import given
from hypothesis import strategies as st

from consent.suppression import K, release, release_table, step

counts = st.integers(min_value=0, max_value=40)
names = st.text(alphabet="abcdef", min_size=1, max_size=2)


@given(st.dictionaries(names, counts))
def test_what_is_shown_and_what_is_left_are_both_large_enough(cells: dict[str, int]) -> None:
    shown, rest = release(cells)

    assert all(count >= K and cells[name] == count for name, count in shown.items())
    assert rest == sum(cells.values()) - sum(shown.values())
    assert rest == 0 or rest >= K or not shown


@given(st.dictionaries(names, counts))
def test_nothing_is_withheld_without_need(cells: dict[str, int]) -> None:
    shown, _ = release(cells)

    if all(count >= K for count in cells.values()):
        assert shown == cells


@given(st.dictionaries(st.tuples(names, names), counts))
def test_no_line_of_a_table_leaves_a_small_rest(cells: dict[tuple[str, str], int]) -> None:
    shown = release_table(cells)

    assert all(count >= K for count in shown.values())
    for side in (0, 1):
        for name in {cell[side] for cell in cells}:
            line = {cell: count for cell, count in cells.items() if cell[side] == name}
            rest = sum(count for cell, count in line.items() if cell not in shown)
            assert rest == 0 or rest >= K or not any(cell in shown for cell in line)


@given(counts)
def test_a_running_total_moves_in_steps(count: int) -> None:
    assert step(count) % K == 0
    assert 0 <= count - step(count) < K
