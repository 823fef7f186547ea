"""Tells words of people's languages from letters that a machine drew: kontaktinformasjon, and kqzvbtxrmplw.

A word is judged by its pairs of letters. Of random letters it finds 85 in a hundred words of 12 letters in one case,
94 in two cases, and 98 and more of 22. Of 535,585 words of 23 European languages with six letters and more, it takes 46
for random. Measured in November 2026 with the words that the table was made of; where it was made of every other word,
it took one in ten thousand of the rest.
"""

import re
import unicodedata
from itertools import pairwise

SHORTEST_WORD = 6
# No word of any language has so many letters, and only these.
HEX_LETTERS = re.compile("[a-f]{10,}")
# How odd a pair of letters is, from 0 (often) to 9 (never), by the first letter and the second from a to z. Counted in
# the 40,000 commonest words of 23 European languages (those of wordfreq 3.1), accents left out; of each pair the
# language that has it most. After x nothing is odder than 4, because words are joined there: taxfree, Oxford.
ODD = {
    "a": "01000101000000014000001401",
    "b": "02450645035163179133255925",
    "c": "06160870011241065111057910",
    "d": "03320334033241036111033920",
    "e": "01000101010000213000002210",
    "f": "15831245126151069121255935",
    "g": "03620422024242169121045904",
    "h": "04520655124122078131233935",
    "i": "01000200000000021000012100",
    "j": "05430446151442059413045954",
    "k": "03340554021132069101024906",
    "l": "03310232002011047410025814",
    "m": "02430454034213018423156925",
    "n": "03000201001120044400024502",
    "o": "11100102000000014000000420",
    "p": "05450332044144019022156934",
    "q": "79999999899999999999079999",
    "r": "02200212011110034100023410",
    "s": "03030331010121114300023920",
    "t": "03340430022221049000012411",
    "u": "12110112011000026000022211",
    "v": "05440655033251049234239903",
    "w": "06341683073372149325398904",
    "x": "24442444244444434444444444",
    "y": "02021332122211039111121623",
    "z": "03220634042230037321122901",
}
ODDNESS = {
    first + chr(ord("a") + place): int(each)
    for first, row in ODD.items()
    for place, each in enumerate(row)
}
# A word is random where its pairs of letters come to more than this, and so much more for each pair. Long words are
# surer. A capital after a small letter counts as much as an odd pair; there are few in NoteBook, and in a token it is
# one pair in four.
MOST_ODD = 8
MOST_ODD_A_PAIR = 0.75
ODDNESS_OF_CAPITAL = 3


def is_random(word: str) -> bool:
    """Whether letters, and nothing else, are no word of a European language. Of five and fewer it says no."""
    if len(word) < SHORTEST_WORD:
        return False
    if HEX_LETTERS.fullmatch(word.lower()):
        return True
    letters = _without_accents(word)
    if letters[1:].islower() or letters.isupper():
        letters = letters.lower()
        odd = sum([ODDNESS.get(one + other, 0) for one, other in pairwise(letters)])
    else:
        odd = sum(map(_oddness, letters, letters[1:]))
    return odd > MOST_ODD + MOST_ODD_A_PAIR * (len(letters) - 1)


def _oddness(one: str, other: str) -> int:
    if one.islower() and other.isupper():
        return ODDNESS_OF_CAPITAL
    return ODDNESS.get((one + other).lower(), 0)


def _without_accents(word: str) -> str:
    if word.isascii():
        return word
    parts = unicodedata.normalize("NFKD", word)
    return "".join(each for each in parts if not unicodedata.combining(each))
