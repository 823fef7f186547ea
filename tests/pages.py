"""Checks what every page must be, whatever it says."""

import html5lib
from werkzeug.test import TestResponse

HTML = "{http://www.w3.org/1999/xhtml}"


def check(response: TestResponse, language: str | None = None) -> str:
    """Asserts that the response is a good page; returns the text that people read on it."""
    assert response.content_type == "text/html; charset=utf-8"
    source = response.get_data(as_text=True)
    tree = html5lib.HTMLParser(strict=True).parse(source)
    assert tree.get("lang")
    if language:
        assert tree.get("lang") == language
    headings = list(tree.iter(f"{HTML}h1"))
    assert len(headings) == 1
    heading = text(headings[0])
    title = text(next(tree.iter(f"{HTML}title")))
    assert heading in title
    ids = [each.get("id") for each in tree.iter() if each.get("id")]
    assert len(ids) == len(set(ids))
    for form in tree.iter(f"{HTML}form"):
        assert form.get("action")
    for image in tree.iter(f"{HTML}img"):
        assert image.get("alt") is not None
    for element in tree.iter():
        assert element.get("style") is None
        assert not [name for name in element.attrib if str(name).startswith("on")]
    for script in tree.iter(f"{HTML}script"):
        assert script.get("src")
    return text(next(tree.iter(f"{HTML}body")))


def text(element) -> str:  # type: ignore[no-untyped-def]
    return " ".join(" ".join(element.itertext()).split())
