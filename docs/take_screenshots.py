"""Takes every picture of the docs anew, from the demo: `make screenshots`."""

import base64
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pyotp
from playwright.sync_api import Browser, Page, sync_playwright
from sqlalchemy import select

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from consent.core import tokens  # noqa: E402
from consent.core.catalogues import CATALOGUES  # noqa: E402
from consent.core.db import db  # noqa: E402
from consent.models import Decision  # noqa: E402
from consent.notice import drafts, publishing  # noqa: E402
from consent.people import audit, invitations, second_factor, staff  # noqa: E402
from consent.site import edit, versions  # noqa: E402
from tests import factories  # noqa: E402
from tests.browser.conftest import ARGUMENTS  # noqa: E402
from tests.browser.install import chromium_path  # noqa: E402
from tests.browser.servers import Bench, Server  # noqa: E402
from tests.conftest import KEY, make_app, publish  # noqa: E402
from tests.factories import shop_in  # noqa: E402

PICTURES = Path(__file__).parent / "screenshots"
SIZES = {"desktop": {"width": 1280, "height": 800}, "phone": {"width": 390, "height": 844}}
SCHEMES = ("light", "dark")
NYNORSK = """new MutationObserver((_, observer) => {
  document.documentElement.lang = "nn";
  observer.disconnect();
}).observe(document, { childList: true });"""
LOCALES = {"nb": "nb-NO", "nn": "nn-NO", "en": "en-GB"}
PORTS = ("8180", "8181")
# Each scheme, size and language once: there are many of these pages.
STAFF_LOOKS = ("desktop-light", "phone-dark", "desktop-light-en", "phone-light-nn")
# Before somebody logs in.
OUTSIDE = {
    "forgotten": "forgotten",
    "reset": "reset/{reset}",
    "invitation": "invitations/{invitation}",
}
STAFF_PAGES = {
    "sites": "",
    "report": "07sor/report",
    "draft": "07sor/draft",
    "draft-banner": "07sor/draft/banner",
    "draft-services": "07sor/draft/services",
    "draft-service": "07sor/draft/services/0",
    "draft-text": "07sor/draft/-/text",
    "draft-review": "07sor/draft/-/review",
    "preview": "07sor/preview",
    "versions": "07sor/versions",
    "version": "07sor/versions/2",
    "announcements": "07sor/announcements",
    "retention": "07sor/retention",
    "install": "07sor/install",
    "tokens": "07sor/tokens",
    "people": "07sor/people",
    "log": "07sor/log",
    "account": "-/account",
    "second-factor": "-/account/second-factor",
}


@contextmanager
def demo() -> Iterator[dict[str, str]]:
    with tempfile.TemporaryDirectory() as folder:
        command = [
            sys.executable,
            "-m",
            "consent",
            "demo",
            "--port",
            PORTS[0],
            "--demo-port",
            PORTS[1],
        ]
        process = subprocess.Popen(
            [*command, "--folder", folder], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        assert process.stdout
        said = {"folder": folder}
        for line in process.stdout:
            name, value = line.rstrip("\n").split(": ", 1)
            said[name] = value
            if name == "API token":
                break
        add_a_past(said)
        try:
            yield said
        finally:
            process.kill()
            process.wait()
            process.stdout.close()


def add_a_past(said: dict[str, str]) -> None:
    """A second site, a second version, a draft, another member, and a decision to look up."""
    folder = Path(said["folder"])
    app = make_app(
        {
            "secret_keys": ((folder / "secret").read_text(),),
            "database": f"sqlite:///{folder}/consent.db",
        }
    )
    with app.app_context():
        session, now = db.session(), datetime.now(UTC)
        publishing.publish(session, factories.shop(), now)
        source = versions.current(session, "07sor").source
        publishing.publish(session, source.replace('"Syse AS"', '"Syse ASA"'), now)
        owner = staff.by_email(session, said["e-mail"])
        assert owner
        staff.join(session, owner, "krukke", "viewer")
        vera = staff.add(session, "vera@example.no", said["password"], ["07sor"], now, "viewer")
        tove = staff.add(session, "tove@example.no", said["password"], ["07sor"], now, "editor")
        secret, keys = second_factor.new_secret(), ((folder / "secret").read_text(),)
        second_factor.turn_on(session, keys, tove, secret, pyotp.TOTP(secret).now(), now)
        said["invitation"] = invitations.invite(
            session, owner, "nina@example.no", ["07sor"], "editor", now
        )
        for action, detail in (
            ("invited", {"whom": "vera@example.no", "role": "viewer"}),
            ("published", {"number": 2}),
            ("invited", {"whom": "nina@example.no", "role": "editor"}),
        ):
            audit.note(session, "07sor", owner.email, action, now, **detail)
        session.commit()
        said["reset"] = tokens.issue_reset(keys, vera.id, staff.fingerprint(vera), now)

        def change(text: str) -> str:
            return edit.write(
                text, {("controller", "phone"): "+47 38 12 39 01", ("asking", "months"): 9}
            )

        drafts.change(session, "07sor", "vera@example.no", now, change)
        decision = session.scalars(select(Decision.id).where(Decision.site == "07sor")).first()
        said["receipt"] = str(decision)


def serve_htmx(page: Page) -> None:
    file = ROOT / "node_modules/htmx.org/dist/htmx.min.js"
    page.context.route(
        "https://cdn.jsdelivr.net/**",
        lambda route: route.fulfill(
            path=file, content_type="text/javascript", headers={"Access-Control-Allow-Origin": "*"}
        ),
    )


def take(page: Page, name: str, full: bool = False) -> None:
    page.screenshot(path=PICTURES / f"{name}.png", full_page=full)


def website(page: Page, said: dict[str, str], name: str, language: str) -> None:
    address = said["demo website"] + {"en": "en"}.get(language, "")
    if language == "nn":
        # The website has no page in Nynorsk, so one of its pages says that it is.
        page.add_init_script(NYNORSK)
    page.goto(address)
    page.locator("[data-consent-box]").wait_for()
    take(page, f"banner-{name}")
    page.locator("[data-consent-choose]").click()
    # The page has gated elements that name services too.
    page.locator("[data-consent-settings] [data-consent-service]").first.wait_for(state="attached")
    take(page, f"settings-{name}")
    page.goto(f"{said['demo website']}video")
    page.frame_locator("iframe[data-consent]").locator("[data-consent-once]").wait_for()
    page.locator("[data-consent-refuse]").click()
    page.locator("[data-consent-reopen]").wait_for()
    take(page, f"placeholder-{name}")
    page.goto(address)
    page.locator("[data-consent-reopen]").click()
    page.locator("[data-consent-settings] [data-consent-accept]").click()
    page.locator("[data-consent-reopen]").wait_for()
    take(page, f"accepted-{name}")
    page.locator("[data-consent-reopen]").click()
    page.locator("[data-consent-settings] [data-consent-withdraw]").wait_for()
    page.locator("[data-consent-service]").first.wait_for(state="attached")
    take(page, f"withdraw-{name}")


def pages(page: Page, said: dict[str, str], name: str, language: str) -> None:
    page.goto(f"{said['privacy notice']}?lang={language}")
    take(page, f"notice-{name}", full=True)
    page.goto(f"{said['privacy notice']}choices?lang={language}")
    take(page, f"choices-{name}", full=True)
    page.goto(f"{said['privacy notice']}visits?lang={language}")
    page.wait_for_load_state("networkidle")
    take(page, f"visits-{name}", full=True)
    serve_htmx(page)
    if name in STAFF_LOOKS:
        for picture, path in OUTSIDE.items():
            page.goto(f"{said['dashboard']}-/{path.format(**said)}?lang={language}")
            take(page, f"{picture}-{name}")
        page.goto(f"{said['dashboard']}login?lang={language}")
        page.fill("[name=email]", "tove@example.no")
        page.fill("[name=password]", said["password"])
        page.locator("main button").click()
        page.locator("[name=code]").wait_for()
        take(page, f"code-{name}")
    page.goto(f"{said['dashboard']}login?lang={language}")
    take(page, f"login-{name}")
    page.fill("[name=email]", said["e-mail"])
    page.fill("[name=password]", said["password"])
    page.locator("main button").click()
    page.goto(f"{said['dashboard']}07sor/?lang={language}")
    page.wait_for_load_state("networkidle")
    take(page, f"dashboard-{name}", full=True)
    if name not in STAFF_LOOKS:
        return
    for picture, path in STAFF_PAGES.items():
        page.goto(f"{said['dashboard']}{path}?lang={language}")
        page.wait_for_load_state("networkidle")
        take(page, f"{picture}-{name}", full=True)
    page.goto(f"{said['dashboard']}07sor/decisions?lang={language}")
    page.locator("[name=id]").fill(said["receipt"])
    page.locator("main form button").click()
    page.wait_for_load_state("networkidle")
    take(page, f"decision-{name}", full=True)


def shoot(browser: Browser, said: dict[str, str], size: str, scheme: str, language: str) -> None:
    context = browser.new_context(
        viewport=SIZES[size],  # type: ignore[arg-type]
        color_scheme=scheme,  # type: ignore[arg-type]
        locale=LOCALES[language],
        reduced_motion="reduce",
    )
    suffix = "" if language == "nb" else f"-{language}"
    name = f"{size}-{scheme}{suffix}"
    website(context.new_page(), said, name, language)
    context.clear_cookies()
    pages(context.new_page(), said, name, language)
    context.close()


@contextmanager
def shop(looks: str) -> Iterator[Bench]:
    """A website with the shop's banner in every language."""
    site, server = Server(), Server()
    with tempfile.TemporaryDirectory() as folder:
        app = make_app({"secret_keys": (KEY,), "database": f"sqlite:///{folder}/consent.db"})
        bench = Bench(site, server.origin("127.0.0.1"))
        bench.script = bench.script.replace("07sor", "krukke")
        source = shop_in(CATALOGUES).replace("https://shop.example", site.origin("localhost"))
        with app.app_context():
            publish(source.replace("[hits]", f"{looks}[hits]", 1))
        for _ in server.serve(app):
            for _ in site.serve(bench.app):
                yield bench


def every_language(browser: Browser) -> None:
    """One picture of the banner in all languages, on a small phone."""
    shots = []
    with shop("") as bench:
        for language in CATALOGUES:
            page = browser.new_page(viewport={"width": 320, "height": 490})
            page.goto(bench.page(bench.script, lang=language))
            page.locator("[data-consent-box]").wait_for()
            shots.append(base64.b64encode(page.screenshot()).decode())
            page.close()
    sheet = browser.new_page(viewport={"width": 7 * 330 + 10, "height": 800})
    images = "".join(f'<img src="data:image/png;base64,{shot}">' for shot in shots)
    sheet.set_content(
        f"<style>body{{display:grid;grid-template-columns:repeat(7,1fr);gap:10px;background:#ccc}}</style>{images}"
    )
    take(sheet, "banner-languages", full=True)
    sheet.close()


def layouts(browser: Browser) -> None:
    text = (
        "<main><h1>Jars</h1>"
        + "<p>Thrown by hand, glazed twice, and fired in our own kiln.</p>" * 9
    )
    for layout in ("bar", "box", "centre"):
        looks = f'[looks]\nlayout = "{layout}"\nradius = 2\n[looks.light]\nbutton = "#7a1f3d"\n\n'
        with shop(looks) as bench:
            for size, viewport in SIZES.items():
                page = browser.new_page(viewport=viewport)  # type: ignore[arg-type]
                page.goto(
                    bench.page(
                        f"<meta name=viewport content=width=device-width>{bench.script}{text}",
                        lang="en",
                    )
                )
                page.locator("[data-consent-box]").wait_for()
                take(page, f"layout-{layout}-{size}")
                page.close()


def main() -> None:
    PICTURES.mkdir(exist_ok=True)
    for old in PICTURES.glob("*.png"):
        old.unlink()
    with demo() as said, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=ARGUMENTS)
        for size in SIZES:
            for scheme in SCHEMES:
                shoot(browser, said, size, scheme, "nb")
            for language in ("nn", "en"):
                shoot(browser, said, size, "light", language)
        every_language(browser)
        layouts(browser)
        browser.close()


if __name__ == "__main__":
    main()
