"""No small count is shown, alone or by subtraction."""

from hypothesis import given
from hypothesis import strategies as st

from consent.stats.suppression import K, late_step, release, release_table, share, step

counts = st.integers(min_value=0, max_value=40)
names = st.text(alphabet="abcdef", min_size=1, max_size=2)


@given(st.dictionaries(names, counts))
def test_what_is_shown_and_what_is_left_are_both_large_enough(cells: dict[str, int]) -> None:
    shown, rest = release(cells, sum(cells.values()))

    assert all(count >= K and cells[name] == count for name, count in shown.items())
    withheld = sum(cells.values()) - sum(shown.values())
    assert withheld == 0 or withheld >= K or not shown
    assert rest == (withheld if withheld >= K else 0)


@given(st.dictionaries(names, counts))
def test_nothing_is_withheld_without_need(cells: dict[str, int]) -> None:
    shown, _ = release(cells, sum(cells.values()))

    if all(count >= K for count in cells.values()):
        assert shown == cells


@given(st.dictionaries(st.tuples(names, names), counts))
def test_no_line_of_a_table_leaves_a_small_rest(cells: dict[tuple[str, str], int]) -> None:
    kinds = {cell: str(hash(cell) % 3) for cell in cells}
    shown = release_table(cells, kinds.__getitem__)

    assert all(count >= K for count in shown.values())
    for part_of in (lambda cell: cell[0], lambda cell: cell[1], kinds.__getitem__):
        for name in {part_of(cell) for cell in cells}:
            line = {cell: count for cell, count in cells.items() if part_of(cell) == name}
            rest = sum(count for cell, count in line.items() if cell not in shown)
            assert rest == 0 or rest >= K or not any(cell in shown for cell in line)


@given(counts)
def test_a_running_total_moves_in_steps(count: int) -> None:
    assert step(count) % K == 0
    assert 0 <= count - step(count) < K


@given(st.integers(0, 400), st.lists(st.integers(0, K), min_size=41, max_size=41))
def test_a_late_step_is_k_behind_and_moves_on(count: int, lags: list[int]) -> None:
    shown = [late_step(each, lags.__getitem__) for each in (count, count + 1)]

    assert all(each % K == 0 for each in shown)
    assert shown[0] == 0 or K <= count - shown[0] <= 3 * K
    assert 0 <= shown[1] - shown[0] <= K


@given(counts, counts)
def test_a_share_is_shown_where_both_its_sides_are(part: int, others: int) -> None:
    found = share(part, part + others)

    if part >= K and (others == 0 or others >= K):
        assert found == part / (part + others)
    else:
        assert found is None
