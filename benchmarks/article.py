"""The page that every contender is put into: an article of some 30 kB, the same in every run."""

import hashlib
from collections.abc import Iterator
from string import Template

# Bokmål, because that is what the banners are asked to speak.
WORDS = """
og i det som en er på til av for at med de ikke den har jeg om et men var seg så vi fra han kan da skal eller ut
nå vil bare også etter ved mot over hadde være blir mange måtte kystruta fyret båten havna fjorden strandlinja
fiskerne kaia skuta lanterna brygga naustet bølgene vinden skipperen rorbua seilet ankeret tauene sjøen vannet
morgenen kvelden vinteren sommeren høsten våren timene årene dagene generasjoner familien barna naboene folk
kommunen bygda byen veien brua skolen butikken posten avisa historien minnene fortellingene bildene kartene
gamle nye stille lange mørke lyse kalde varme bratte smale åpne tomme travle sterke svake grå blå hvite røde
bygde seilte fisket ventet husket fortalte skrev fant lette hjalp solgte kjøpte reparerte malte ryddet målte
sammen alltid aldri ofte sjelden langsomt plutselig forsiktig likevel dessuten imidlertid allerede fremdeles
langs bak foran under mellom gjennom uten innen omkring nordover sørover utover innover hjemover tidlig sent
""".split()  # noqa: SIM905 (a list of one word a line would be longer than the page)
PARAGRAPHS = 48
WORDS_A_PARAGRAPH = 100
PARAGRAPHS_A_HEADING = 6

# The line of script is what many a page begins with. It also makes the bare page pay for what the browser sets up when
# a page's first script touches the document (60 KiB), which would be charged to the banners otherwise.
PAGE = Template("""<!doctype html>
<html lang="nb">
<head>
<meta charset="utf-8">
<title>Fyret ved fjorden</title>
<meta name="viewport" content="width=device-width,initial-scale=1">
<link rel="icon" href="data:,">
<style>
body { margin: 0 auto; max-width: 42rem; padding: 0 1rem; font: 18px/1.6 serif; color: #222; background: #fdfdfb; }
h1 { font-size: 2.2em; line-height: 1.15; }
</style>
<script>document.documentElement.classList.add("js");</script>
$head
</head>
<body>
<main>
$article
</main>
$end
</body>
</html>
""")


def page(head: str, end: str) -> bytes:
    """The article, with what a contender asks to be put into the head and at the end of the body."""
    return PAGE.substitute(head=head, article=article(), end=end).encode()


def article() -> str:
    words = _choose()
    parts = ["<h1>Fyret ved fjorden</h1>"]
    for number in range(PARAGRAPHS):
        if number and number % PARAGRAPHS_A_HEADING == 0:
            parts.append(f"<h2>{_sentence(words, 4)}</h2>")
        sentences = " ".join(f"{_sentence(words, 12)}." for _ in range(WORDS_A_PARAGRAPH // 12))
        parts.append(f"<p>{sentences}</p>")
    return "\n".join(parts)


def _sentence(words: Iterator[str], length: int) -> str:
    return " ".join(next(words) for _ in range(length)).capitalize()


def _choose() -> Iterator[str]:
    """Words without end and without a pattern that a compressor could find, yet always the same."""
    block = b"article"
    while True:
        block = hashlib.sha256(block).digest()
        for byte in block:
            yield WORDS[byte % len(WORDS)]
