"""What a segment of a path looks like: the name of a page, or something that points at a person.

KINDS is the table of what the addresses of pages should not say: addresses of people and machines, numbers, tokens. The
rows are tried in turn, and a segment that fits none may be the name of a page. Most rows look at digits, because the
name of a page seldom needs more than a year, a small number or a measure. tests/counting/corpus/paths.txt
has examples of each kind, and of names that stay.
"""

import ipaddress
import re
import unicodedata
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import groupby, pairwise
from typing import NamedTuple
from urllib.parse import unquote

from consent.counting.letters import is_random

SEPARATORS = re.compile(r"[\s._~:+()/,'–-]+")
DIGIT = re.compile(r"\d")
EXTENSION = re.compile(r"\.[a-z][a-z0-9]{1,4}$", re.IGNORECASE)
RUNS = re.compile(r"\d+|\D+")
# How often a segment may have been encoded over and over.
MOST_ENCODED = 5


class Segment(NamedTuple):
    """A segment in the forms that the rules look at."""

    # As it came.
    raw: str
    # Decoded, in compatible characters (NFKC), and the same in small letters.
    plain: str
    small: str
    # Between separators, without a file's extension.
    words: list[str]
    # The small words that are left without what may have many digits: dates of pages, years, measures.
    # An empty word is where one was.
    rest: list[str]
    has_digit: bool


def kind(segment: str, before: Sequence[str] = ()) -> str | None:
    """What a segment looks like, by its name in KINDS; None where it may be the name of a page.

    `before` are the segments that it comes after, since some numbers are a page's only there.
    """
    found = _kind(segment)
    return None if found is None or _is_expected(found, segment, before) else found


# Sites have many pages in few folders.
@lru_cache(maxsize=4096)
def _kind(segment: str) -> str | None:
    if not segment:
        return None
    parts = _parts(segment)
    # Most segments are words alone.
    rules = KINDS if parts.has_digit else KINDS_OF_WORDS
    return next((each.name for each in rules if each.is_one(parts)), None)


def _parts(segment: str) -> Segment:
    plain = decoded(segment)
    named = EXTENSION.sub("", plain) if "." in plain else plain
    words = _words(named)
    has_digit = bool(DIGIT.search(plain))
    if not has_digit:
        return Segment(segment, plain, plain.lower(), words, words, False)
    rest = [
        "" if YEAR.fullmatch(each) or MEASURE.fullmatch(each) else each
        for each in _words(PAGE_DATE.sub(" - ", named.lower()))
    ]
    return Segment(segment, plain, plain.lower(), words, rest, True)


def decoded(text: str) -> str:
    """The text without its encoding, however often it was encoded, in compatible characters."""
    for _ in range(MOST_ENCODED):
        if "%" in text:
            text = unquote(text)
        if not text.isascii():
            # A percent sign of full width is one too.
            text = unicodedata.normalize("NFKC", text)
        if "%" not in text:
            break
    return text


def _words(text: str) -> list[str]:
    return [each for each in SEPARATORS.split(text) if each]


# --- e-mail, parameters, home pages

# Of an e-mail address, or of a query or parameters that were encoded into the path.
# What is still encoded then was meant to be missed.
MARKS = re.compile("[@?#&=;|]|%[0-9A-Fa-f]{2}")
# (at), [at], and what people write for it in other languages.
WRITTEN_AT = re.compile(
    r"[(\[{<]\s*(?:at|a|ät|alfa|kr[øo]llalfa|snabel-?a|arroba|chiocciola|arobase)\s*[)\]}>]"
)
AT = frozenset(
    ("at", "krøllalfa", "krollalfa", "alfakrøll", "snabela", "arroba", "arobase", "chiocciola")
)
DOT = frozenset(("dot", "punktum", "punkt", "prikk", "punto", "point"))
GENERIC = frozenset(("com", "net", "org", "info", "edu", "gov", "name", "eu"))
# Words of a domain that is written out: mail dot example dot co dot uk.
LONGEST_DOMAIN = 7
MAIL_SERVICES = frozenset(
    """
    gmail googlemail hotmail outlook live msn yahoo icloud proton protonmail gmx aol online telenor
    """.split()  # noqa: SIM905
)


def _is_written_address(segment: Segment) -> bool:
    if WRITTEN_AT.search(segment.small) or segment.small.startswith("mailto:"):
        return True
    words = [each.lower() for each in segment.words]
    if AT.isdisjoint(words):
        return False
    # An extension may be the end of it: kari-at-gmail.com.
    extension = segment.small.rpartition(".")[2]
    words += [extension] if extension in GENERIC else []
    return any(
        _follows_at(words[place + 1 :]) for place, each in enumerate(words) if place and each in AT
    )


def _follows_at(words: list[str]) -> bool:
    """Whether these are a domain: example dot no, gmail com."""
    if not words or len(words) > LONGEST_DOMAIN:
        return False
    if words[0] in MAIL_SERVICES:
        return len(words) == 1 or _is_top_level(words[-1])
    return len(words) > 2 and words[-2] in DOT and _is_top_level(words[-1])


def _is_top_level(word: str) -> bool:
    return word in GENERIC or len(word) == 2


# --- network addresses

BYTE = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|0{0,2}[0-9]{1,2})"
# Of one kind, as in the names of hosts too: 203.0.113.5, ip-10-0-0-1.
FOUR = re.compile(rf"(?<!\d){BYTE}(?:[.,_-]{BYTE}){{3}}(?!\d)")
HEX_NUMBER = re.compile("(?<![0-9a-z])0x[0-9a-f]")
# Of the other, between colons or hyphens, with the name of a network card or not.
SIX = re.compile(
    "(?<![0-9a-z])(?:[0-9a-f]{0,4}[:-]){2,7}(?:[0-9a-f]{1,4}|(?<=::)|(?<=--))(?![0-9a-z])"
)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def holds_address(text: str) -> bool:
    """Whether the address of a machine is in a text in small letters."""
    if HEX_NUMBER.search(text) or FOUR.search(text):
        return True
    return any(
        _is_address(found[0].replace("-", ":")) and DIGIT.search(found[0])
        for found in SIX.finditer(text)
    )


# --- tokens

HEX = re.compile("[0-9a-f]{8,}")
# Letters and digits in turn: mp3s is a name yet, and ab1cd2 is none.
MOST_RUNS = 3
# A capital after a small letter, and a digit between letters.
MIXED = re.compile("[a-zæøåäöü][A-ZÆØÅÄÖÜ]")
DIGIT_WITHIN = re.compile(r"[^\W\d_]\d+[^\W\d_]")
# Of a token whose alphabet has separators. Longer texts are names of articles.
LONGEST_PARTED = 24
# A word with a digit in it that is longer is none.
SHORTEST_TOKEN = 16


def _is_token(segment: Segment) -> bool:
    whole = "".join(segment.words)
    if HEX.fullmatch(whole.lower()) and DIGIT.search(whole) and not whole.isdecimal():
        return True
    if any(map(_is_token_word, segment.words)):
        return True
    is_mixed = len(whole) <= LONGEST_PARTED and any(map(MIXED.search, segment.words))
    return is_mixed and is_random(_letters(whole))


def _letters(text: str) -> str:
    return "".join(filter(str.isalpha, text))


def _is_token_word(word: str) -> bool:
    if word.isalpha():
        return is_random(word)
    if word.isdecimal() or MEASURE.fullmatch(word.lower()):
        return False
    runs = len(RUNS.findall(word))
    if runs > MOST_RUNS or len(word) >= SHORTEST_TOKEN or is_random(_letters(word)):
        return True
    # iPhone15 and Web3Norge are names.
    return bool(MIXED.search(word) and DIGIT_WITHIN.search(word))


# --- dates, and other numbers that pages have

MONTH, DAY = "(?:0?[1-9]|1[0-2])", "(?:0?[1-9]|[12][0-9]|3[01])"
YEAR = re.compile("(?:19|20)[0-9]{2}")


def _date(year: str) -> re.Pattern[str]:
    """A whole date in one segment, the year first or last."""
    return re.compile(
        rf"(?<!\d)(?:{year}[-._ ]{MONTH}[-._ ]{DAY}|{DAY}[-._ ]{MONTH}[-._ ]{year})(?!\d)"
    )


# Of an event or an article. Few people who were born since then have papers of their own.
PAGE_DATE = _date("20[1-9][0-9]")
OTHER_DATE = _date("(?:19[0-9]{2}|200[0-9])")
BORN = frozenset(
    """
    born birth birthday dob fodt født fodd född fodselsdato fødselsdato geb geboren nee né née
    """.split()  # noqa: SIM905
)
MEASURE = re.compile(
    r"\d{1,4}(?:x\d{1,4}){1,2}(?:cm|mm|m|px)?"
    r"|\d{1,4}(?:ml|cl|dl|l|g|gr|kg|mg|mcg|oz|lb|lbs|cm|mm|m|km|ft|in|inch|w|kw|kwh|v|mah|ah|hz|khz|mhz|ghz|kb|mb|gb|tb"
    r"|p|px|mp|k|fps|psi|bar|bhp|hp|hk|cc|nm|rpm|stk|pk|pcs|pc|pack|ct|th|st|nd|rd|s|t|x|deg|in)"
)
# What a small number is a page's after: a month after the year, a day after both, and the number of a page.
EXPECTED = re.compile(
    rf"(?:.*/)?(?:(?:199[5-9]|20[0-9]{{2}})/{MONTH}(?:/{DAY})?"
    r"|(?:pages?|side|sida|seite|sivu|strona|stranka|pagina|página|oldal|lapa|puslapis|paged"
    r"|part|del|teil|partie|parte|osa|kapittel|kapitel|chapter|step|steg|trinn|issue|utgave)/\d{1,3})"
)
# Whose numbers, with a word beside them, are those of what a shop sells.
GOODS = frozenset(
    """
    product products produkt produkter produkte produits produit producto productos prodotto prodotti produto produtos
    produkty termek tuote tuotteet vare varer
    """.split()  # noqa: SIM905
)
NUMBERS_OF_GOODS = frozenset(("long number", "plate"))
# Fewer letters are a code.
NAME = re.compile(r"[^\W\d_]{4,}")
# A version (3.11), a year, some years, a month of one, a date.
NUMBERS_OF_PAGES = re.compile(
    rf"v?\d{{1,2}}\.\d{{1,2}}|{YEAR.pattern}(?:[-._]{YEAR.pattern}|[-_]\d{{2}})?"
)


def _is_expected(found: str, segment: str, before: Sequence[str]) -> bool:
    """Whether what was found is a page's own in this place: in archives by date, pages of lists, and shops."""
    if found in NUMBERS_OF_GOODS:
        if GOODS.isdisjoint(map(str.lower, before[-1:])):
            return False
        words = _parts(segment).rest
        return OWNERS.isdisjoint(words) and any(map(NAME.fullmatch, words))
    return found == "only numbers" and bool(
        EXPECTED.fullmatch("/".join((*before[-2:], segment)).lower())
    )


# --- numbers of persons, vehicles, orders

# Whole segments, since a name of a page may have any of these in it.
PLATES = re.compile(
    # AB 12345, ABC 123, B-MA 123, WA 12345A: the Nordic and Baltic countries, Germany, Poland, Hungary, Greece
    r"[a-zæøåäöü]{1,3}[-. ]?(?:[a-z]{1,2}[-. ]?)?\d{3,6}[a-z]{0,2}"
    # AB-123-CD, AB12 CDE, AB-12-CD: France, Italy, the United Kingdom, Portugal
    r"|[a-z]{2}[-. ]?\d{2,3}[-. ]?[a-z]{2,3}"
    # ABC 12D: Sweden, Finland; 123 ABC: Estonia
    r"|[a-z]{3}[-. ]?\d{2}[a-z0-9]|\d{3,4}[-. ]?[a-z]{3}"
    # 12-ABC-3, 12-AB-34, 12-D-123: the Netherlands, Portugal, Ireland; 1-ABC-123: Belgium
    r"|\d{2,3}[-. ]?[a-z]{1,3}[-. ]?\d{1,3}|\d[-. ]?[a-z]{3}[-. ]?\d{2,3}"
)
# As short as a page's name, and told from it by the capitals: M-AB 12.
SHORT_PLATE = re.compile(r"[A-ZÆØÅÄÖÜ]{1,3}[- ][A-Z]{1,2}[- ]?\d{1,4}")
PLATE_WORD = re.compile(r"[a-z]{2,3}\d{2,3}[a-z]{2,3}|[a-z]{3}\d{2}[a-z]")
# What a number is somebody's after, however small it is.
OWNERS = frozenset(
    """
    order orders ord ordre ordrenr ordrenummer bestilling bestellung bestallning commande pedido ordine
    zamowienie tilaus invoice inv faktura fakturanr rechnung facture factura fattura fatura lasku receipt kvittering
    case caseid sak saksnr saksnummer ticket tkt ref referanse reference claim skade skadesak booking reservation rma po
    user users uid userid bruker brukere member medlem mitglied customer customers client kunde kunder kundenr
    kundenummer kund klant klient patient pasient account konto employee ansatt student elev person
    personnr profile profil
    """.split()  # noqa: SIM905
)
# Digits one after another, whatever is between them, that are a telephone number.
SHORTEST_TELEPHONE = 6
# Of a number that a page may have in its name: 100 tips.
LONGEST_NUMBER = 3
LONGEST_GLUED = 2
COORDINATE = re.compile(
    r"\d(?:[.,]\d+)?°?[ns][\s,;_-]+\d{1,3}(?:[.,]\d+)?°?[ewøöv](?![a-z])|\d\s?°\s?\d"
    r"|(?:^|[-_ ])lat(?:itude)?[-_ :]*-?\d"
)


def _is_only_numbers(segment: Segment) -> bool:
    if not segment.words or not all(map(str.isdecimal, segment.words)):
        return False
    return any(segment.rest) and not NUMBERS_OF_PAGES.fullmatch(segment.small)


def _has_long_number(segment: Segment) -> bool:
    return any(
        len(run) > _longest(word)
        for word in segment.rest
        for run in RUNS.findall(word)
        if run.isdecimal()
    )


def _longest(word: str) -> int:
    return LONGEST_NUMBER if word.isdecimal() else LONGEST_GLUED


def _has_telephone(segment: Segment) -> bool:
    return any(
        are_digits and sum(map(len, words)) >= SHORTEST_TELEPHONE
        for are_digits, words in groupby(segment.rest, str.isdecimal)
    )


def _has_owners_number(segment: Segment) -> bool:
    # user-77, and user77.
    parts = [run for word in segment.rest for run in RUNS.findall(word) or [""]]
    return any(one in OWNERS and other.isdecimal() for one, other in pairwise(parts))


def _is_reference(segment: Segment) -> bool:
    """A few letters, a year and a number, and nothing else: ORD-2024-123."""
    letters, *numbers = segment.words or [""]
    return (
        len(numbers) > 1
        and letters.isalpha()
        and len(letters) <= 5
        and all(map(str.isdecimal, numbers))
        and any(len(each) == LONGEST_NUMBER for each in numbers)
    )


def _is_plate(segment: Segment) -> bool:
    if PLATES.fullmatch(segment.small) or SHORT_PLATE.fullmatch(segment.plain):
        # Not a word and a year, or a measure.
        return all(segment.rest)
    return any(map(PLATE_WORD.fullmatch, segment.rest))


def _is_date_of_birth(segment: Segment) -> bool:
    if OTHER_DATE.search(segment.small):
        return True
    return bool(PAGE_DATE.search(segment.small)) and not BORN.isdisjoint(
        map(str.lower, segment.words)
    )


class Kind(NamedTuple):
    name: str
    is_one: Callable[[Segment], bool]
    why: str
    # Whether none is without a digit.
    has_digit: bool = True


KINDS = (
    Kind(
        "unprintable",
        lambda each: not (each.plain.isprintable() and each.raw.isprintable()),
        "Controls and invisible characters can part a name or an address so that no other rule finds it.",
        has_digit=False,
    ),
    Kind(
        "parameters",
        lambda each: bool(MARKS.search(each.plain)),
        "E-mail, user:password@, @handles, and what was a query before it was encoded.",
        has_digit=False,
    ),
    Kind(
        "written address",
        _is_written_address,
        "kari (at) example.no, kari at example dot no: e-mail as people write it against robots.",
        has_digit=False,
    ),
    Kind(
        "home page",
        lambda each: each.plain.startswith("~"),
        "~kari is a person's account on a server.",
        has_digit=False,
    ),
    Kind(
        "network address",
        lambda each: holds_address(each.small),
        "Of both kinds, in any writing, also within a host's name: ip-10-0-0-1.",
    ),
    Kind(
        "token",
        _is_token,
        "UUIDs, ULIDs, hex, base64, JWTs, nanoids, ids of videos: each is drawn for one person, link or session.",
        has_digit=False,
    ),
    Kind(
        "only numbers",
        _is_only_numbers,
        "Ids of users, orders and cases; telephone numbers; coordinates.",
    ),
    Kind(
        "long number",
        _has_long_number,
        "National ids, accounts and IBANs, order and customer numbers, with letters before or after them.",
    ),
    Kind(
        "telephone number",
        _has_telephone,
        "900-00-000: groups of digits that are short by themselves.",
    ),
    Kind("owner's number", _has_owners_number, "kunde-42 is one customer, and part-42 is a page."),
    Kind("reference", _is_reference, "ORD-2024-123: a code, a year and a number in it."),
    Kind(
        "plate", _is_plate, "Registration plates of the European countries name a vehicle's owner."
    ),
    Kind("coordinates", lambda each: bool(COORDINATE.search(each.small)), "They point at a home."),
    Kind(
        "date of birth",
        _is_date_of_birth,
        "With a day, and before pages had such dates; or with a word that says so.",
    ),
)
KINDS_OF_WORDS = tuple(each for each in KINDS if not each.has_digit)
