"""Who is measured, each set up as its own documentation says, with the same words and the same two services.

The others come from npm (`npm ci --prefix benchmarks`). Their configurations are the files in pages/, made small
by esbuild as a website would.
"""

import json
import re
import subprocess
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.article import page
from benchmarks.ours import SITE, SITE_FILE
from benchmarks.serve import Server

HERE = Path(__file__).parent
PAGES = HERE / "pages"
NODE_MODULES = HERE / "node_modules"
ESBUILD = NODE_MODULES / ".bin/esbuild"
LANGUAGES = ("nb", "en")
# Service to purpose: what has to wait for consent on every page.
SERVICES = {"counter": "analytics", "billboard": "marketing"}
# Matches no element.
NOTHING = "no-such-element"

BARE = "bare page"
EMPTY = "empty script"
LEAST = "least script"
OURS = "Samtykke"


@dataclass(frozen=True)
class Contender:
    name: str
    head: str = ""
    end: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    accept: str = NOTHING
    refuse: str = NOTHING
    # The element whose shadow tree holds the buttons, for those who have one.
    host: str = NOTHING
    note: str = ""

    @property
    def asks(self) -> bool:
        return self.accept != NOTHING

    @property
    def path(self) -> str:
        return f"/{re.sub('[^a-z0-9.]+', '-', self.name.lower()).strip('-')}.html"


@dataclass(frozen=True)
class Kit:
    """What the others' set-ups are made with."""

    folder: Path
    third_party: str

    def service(self, name: str) -> str:
        return f"{self.third_party}/{name}.js"

    def bundle(self, name: str, *options: str) -> dict[str, bytes]:
        """What esbuild makes of a file in pages/: by the ending of its name, its script and its style sheet."""
        out = self.folder / Path(name).stem
        command = [
            str(ESBUILD),
            str(PAGES / name),
            "--bundle",
            "--minify",
            "--target=es2022",
            "--jsx=automatic",
            "--log-level=error",
            f"--outdir={out}",
            f"--alias:words={self._words()}",
            f"--define:THIRD_PARTY={json.dumps(self.third_party)}",
            '--define:process.env.NODE_ENV="production"',
            *options,
        ]
        subprocess.run(command, check=True)
        return {path.suffix: path.read_bytes() for path in out.iterdir()}

    def script(self, name: str, *options: str) -> bytes:
        return self.bundle(name, *options)[".js"]

    def _words(self) -> Path:
        path = self.folder / "words.js"
        path.write_text(
            "".join(f"export const {each} = {json.dumps(words(each))};" for each in LANGUAGES)
        )
        return path


def words(language: str) -> dict[str, Any]:
    """What a banner says in this language: the site file's texts, and the labels of the buttons."""
    site = tomllib.loads(SITE_FILE.read_text(encoding="utf-8"))
    labels = tomllib.loads((HERE / "words.toml").read_text(encoding="utf-8"))
    return {
        **labels[language],
        **{name: text[language] for name, text in site["banner"].items()},
        "purposes": {
            each["key"]: {name: each[name][language] for name in ("title", "description")}
            for each in site["purposes"]
        },
        "services": {each["key"]: each["description"][language] for each in site["services"]},
    }


def package(name: str, *path: str) -> bytes:
    return (NODE_MODULES / name).joinpath(*path).read_bytes()


def release(name: str) -> str:
    """A package's version without its patch level: 3.1."""
    version: str = json.loads(package(name, "package.json"))["version"]
    return ".".join(version.split(".")[:2])


def gated(kit: Kit, attributes: str) -> str:
    """The two services as tags that wait; `attributes` may name {purpose} and {service}."""
    return "".join(
        f'<script type="text/plain" {attributes.format(purpose=purpose, service=service)}'
        f' data-src="{kit.service(service)}"></script>'
        for service, purpose in SERVICES.items()
    )


def everyone(server: Server, folder: Path) -> list[Contender]:
    """All contenders, their pages and files put onto the server."""
    kit = Kit(folder, server.third_party)
    found = [make(kit) for make in MAKERS]
    stand_in = (PAGES / "service.js").read_bytes()
    server.add({f"/{name}.js": stand_in for name in SERVICES})
    for each in found:
        server.add({**each.files, each.path: page(each.head, each.end)})
    return found


def peers(names: Iterable[str]) -> list[str]:
    return [name for name in names if name not in (BARE, EMPTY, LEAST, OURS)]


def bare(_: Kit) -> Contender:
    return Contender(BARE)


def empty(_: Kit) -> Contender:
    return Contender(
        EMPTY,
        head='<script async src="/empty/empty.js"></script>',
        files={"/empty/empty.js": (PAGES / "empty.js").read_bytes()},
        note="the least that any banner in a script of its own could cost",
    )


def least(kit: Kit) -> Contender:
    return Contender(
        LEAST,
        head='<script async src="/least/least.js"></script>',
        end=gated(kit, 'data-consent="{purpose}" data-consent-service="{service}"'),
        files={"/least/least.js": (PAGES / "least.js").read_bytes()},
        accept="#least-accept",
        refuse="#least-refuse",
        note="two buttons without a style, a cookie, and the start of the two services: "
        "what no banner could save",
    )


def ours(kit: Kit) -> Contender:
    """As docs/embed.md says. Its files are the application's."""
    return Contender(
        OURS,
        head=f'<script async src="/e/{SITE}.js"></script>',
        end=gated(kit, 'data-consent="{purpose}" data-consent-service="{service}"'),
        accept="[data-consent-accept]",
        refuse="[data-consent-refuse]",
        host="consent-banner",
    )


def vanilla_cookieconsent(kit: Kit) -> Contender:
    base = "/vanilla-cookieconsent"
    return Contender(
        f"vanilla-cookieconsent {release('vanilla-cookieconsent')}",
        head=f'<link rel="stylesheet" href="{base}/cookieconsent.css">',
        end=gated(kit, 'data-category="{purpose}" data-service="{service}"')
        + f'<script type="module" src="{base}/cookieconsent-config.js"></script>',
        files={
            f"{base}/cookieconsent.css": package(
                "vanilla-cookieconsent", "dist", "cookieconsent.css"
            ),
            f"{base}/cookieconsent.umd.js": package(
                "vanilla-cookieconsent", "dist", "cookieconsent.umd.js"
            ),
            f"{base}/cookieconsent-config.js": kit.script(
                "vanilla-cookieconsent.js", "--format=esm", "--external:./cookieconsent.umd.js"
            ),
        },
        accept="#cc-main .cm [data-role=all]",
        refuse="#cc-main .cm [data-role=necessary]",
    )


def klaro(kit: Kit) -> Contender:
    return Contender(
        f"klaro {release('klaro')}",
        head='<script defer src="/klaro/config.js"></script>'
        '<script defer src="/klaro/klaro.js"></script>',
        end=gated(kit, 'data-type="text/javascript" data-name="{service}"'),
        files={
            "/klaro/config.js": kit.script("klaro.js"),
            "/klaro/klaro.js": package("klaro", "dist", "klaro.js"),
        },
        accept="#klaro .cookie-notice .cm-btn-success",
        refuse="#klaro .cookie-notice .cn-decline",
    )


def tarteaucitron(kit: Kit) -> Contender:
    base, name = "/tarteaucitron", "tarteaucitronjs"
    inline = kit.script("tarteaucitron.js").decode()
    return Contender(
        f"tarteaucitron {release(name)}",
        head=f'<script src="{base}/tarteaucitron.min.js"></script><script>{inline}</script>',
        files={
            f"{base}/{file}": package(name, *file.split("/"))
            for file in (
                "tarteaucitron.min.js",
                "tarteaucitron.services.min.js",
                "css/tarteaucitron.min.css",
                "lang/tarteaucitron.no.min.js",
                "lang/tarteaucitron.en.min.js",
            )
        },
        accept="#tarteaucitronPersonalize2",
        refuse="#tarteaucitronAllDenied2",
    )


def osano(kit: Kit) -> Contender:
    inline = kit.script("osano.js").decode()
    return Contender(
        f"osano {release('cookieconsent')}",
        head='<link rel="stylesheet" href="/osano/cookieconsent.min.css">',
        end='<script src="/osano/cookieconsent.min.js" data-cfasync="false"></script>'
        f"<script>{inline}</script>",
        files={
            f"/osano/{file}": package("cookieconsent", "build", file)
            for file in ("cookieconsent.min.css", "cookieconsent.min.js")
        },
        accept=".cc-window .cc-allow",
        refuse=".cc-window .cc-deny",
        note="no purposes, no settings",
    )


def c15t_react(kit: Kit) -> Contender:
    made = kit.bundle("c15t-react.jsx", "--format=esm")
    return Contender(
        f"c15t {release('@c15t/react')} (React)",
        head='<script type="module" src="/c15t-react/app.js"></script>'
        '<link rel="stylesheet" href="/c15t-react/app.css">',
        end='<div id="root"></div>',
        files={"/c15t-react/app.js": made[".js"], "/c15t-react/app.css": made[".css"]},
        accept='[data-testid="consent-banner-accept-button"]',
        refuse='[data-testid="consent-banner-reject-button"]',
    )


def c15t_core(kit: Kit) -> Contender:
    return Contender(
        f"c15t {release('c15t')} core",
        head='<script type="module" src="/c15t-core/app.js"></script>',
        files={"/c15t-core/app.js": kit.script("c15t-core.js", "--format=esm")},
        accept="#consent-accept",
        refuse="#consent-reject",
        note="a banner of the site's own, no settings",
    )


MAKERS = (
    bare,
    empty,
    least,
    ours,
    vanilla_cookieconsent,
    klaro,
    tarteaucitron,
    osano,
    c15t_react,
    c15t_core,
)
