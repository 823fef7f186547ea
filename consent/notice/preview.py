"""What a version looks like to visitors, whether or not it is published. Knows neither database nor HTTP."""

import base64
import hashlib
from dataclasses import dataclass
from typing import get_args

from consent.banner import script
from consent.notice import rendering
from consent.site.looks import Looks
from consent.site.schema import SiteFile

LAYOUTS: tuple[str, ...] = get_args(Looks.model_fields["layout"].annotation)
SCHEMES: tuple[str, ...] = get_args(Looks.model_fields["scheme"].annotation)


@dataclass(frozen=True)
class Preview:
    """The banner's scripts and the texts of a version, in one language."""

    first: str
    # All others, each a function to be called when it is asked for at its address.
    others: str
    cookies: str
    notice: str

    @property
    def hashes(self) -> list[str]:
        """Of the scripts, as a content security policy names them."""
        return [
            f"'sha256-{base64.b64encode(hashlib.sha256(each.encode()).digest()).decode()}'"
            for each in (self.first, self.others)
        ]


def of(site_file: SiteFile, number: int, language: str, address: str) -> Preview:
    """How a site file looks as the version of this number, on the server at `address`."""
    text = rendering.text(site_file, number, language)
    composed = script.compose(number, site_file, [text], address)
    first = composed.pop("first")
    functions = ",".join(
        f'"{script.digest(body)}":()=>{{{body.strip()}}}' for body in composed.values()
    )
    return Preview(
        _inline(first), _inline(f"window.others={{{functions}}};"), text.cookies, text.notice
    )


def dressed(site_file: SiteFile, layout: str, scheme: str) -> SiteFile:
    """The site file with another layout and colour scheme, where these are such."""
    other = {"layout": layout} if layout in LAYOUTS else {}
    other |= {"scheme": scheme} if scheme in SCHEMES else {}
    return site_file.model_copy(update={"looks": site_file.looks.model_copy(update=other)})


def _inline(body: str) -> str:
    """As it may stand in a page: nothing in it ends the element early (HTML, section 4.12.1.3)."""
    return body.replace("</script", "<\\/script").replace("<!--", "<\\!--")
