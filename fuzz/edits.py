"""Makes inputs of seeds: what is valid, changed in some places; and a part of one, over and over."""

import re

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from fuzz.targets import Target

# What stands for a word or for something else in a seed.
WORD = re.compile(rb"[A-Za-z0-9_]+|[^A-Za-z0-9_]")
# For every parser of texts: NUL, what is no UTF-8, what turns the direction of writing around, numbers without end.
COMMON = (
    b"\0",
    b"\xff",
    b"\xed\xa0\x80",
    b"\xe2\x80\xae",
    b"9" * 5000,
    b"\n",
    b" ",
    b"",
    b"e\xcc\x81",
)
MOST_EDITS = 8
# What a part is repeated, so that it is seen whether time grows with its square.
PUMPED = 16


def inputs(target: Target) -> SearchStrategy[bytes]:
    seeds = target.seeds
    words = sorted(
        {*COMMON, *target.words, *(word for seed in seeds for word in WORD.findall(seed))}
    )
    return st.one_of(_edited(seeds, words, target.longest), st.binary(max_size=200))


@st.composite
def _edited(draw: DrawFn, seeds: list[bytes], words: list[bytes], longest: int) -> bytes:
    made = draw(st.sampled_from(seeds))
    for _ in range(draw(st.integers(1, MOST_EDITS))):
        start = draw(st.integers(0, len(made)))
        end = draw(st.sampled_from((start, start + 1, start + 8, start + 64, len(made))))
        put = draw(st.one_of(st.sampled_from(words), st.binary(max_size=4), _part(made)))
        times = draw(st.sampled_from((1, 1, 1, 1, 2, PUMPED, 400)))
        made = made[:start] + put * times + made[end:]
    return made[:longest]


@st.composite
def _part(draw: DrawFn, seed: bytes) -> bytes:
    """Some of the seed itself, to be put elsewhere."""
    start = draw(st.integers(0, len(seed)))
    return seed[start : start + draw(st.integers(0, 40))]


@st.composite
def pumps(draw: DrawFn, target: Target) -> tuple[bytes, bytes, bytes]:
    """What stands before a part that is repeated, the part, and what stands after it."""
    seed = draw(st.sampled_from(target.seeds))
    words = sorted({*COMMON, *target.words, *WORD.findall(seed)} - {b""})
    at = draw(st.integers(0, len(seed)))
    part = draw(
        st.one_of(
            st.lists(st.sampled_from(words), min_size=1, max_size=3).map(b"".join),
            _part(seed),
        )
    )
    rest = draw(st.sampled_from((seed[at:], b"", b"!", b"\n" + seed[at:])))
    return seed[:at], part or b"a", rest
