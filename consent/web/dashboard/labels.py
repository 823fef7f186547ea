"""What staff pages call the parts and keys of a site file, and what they say of them."""

from flask_babel import gettext

from consent.core.catalogues import CATALOGUES
from consent.site.forms import PARTS
from consent.site.schema import STORAGE_KINDS


def parts() -> dict[str, str]:
    return {
        "site": gettext("Website and introduction"),
        "banner": gettext("Banner and looks"),
        "purposes": gettext("Purposes"),
        "services": gettext("Services and cookies"),
        "processors": gettext("Recipients"),
        "data": gettext("Personal data"),
        "sources": gettext("Sources and transfers"),
        "retention": gettext("How long data are kept"),
        "rights": gettext("Rights"),
        "safeguards": gettext("Safeguards"),
        "statements": gettext("Other statements"),
        "contacts": gettext("Contacts"),
        "signals": gettext("Signals and counting"),
        "keep": gettext("What this server keeps"),
    }


def new_rows() -> dict[str, str]:
    """What the pages of rows that are not there yet are called."""
    return {
        "purposes": gettext("A new purpose"),
        "services": gettext("A new service"),
        "processors": gettext("A new recipient"),
        "data": gettext("More personal data"),
        "retention": gettext("Other data that are kept"),
        "rights": gettext("A new right"),
        "safeguards": gettext("A new safeguard"),
        "statements": gettext("A new statement"),
    }


def of_table(name: str) -> str:
    """The heading above the fields of a table, in a form of several."""
    found = {
        "introduction": gettext("Introduction"),
        "site": gettext("Website"),
        "controller": gettext("Controller: who decides why and how data are used"),
        "dpo": gettext("Data protection officer (optional)"),
        "authority": gettext("Supervisory authority (optional)"),
        "banner": gettext("The banner's own words (optional)"),
        "asking": gettext("Asking"),
        "looks": gettext("Looks"),
        "looks.light": gettext("Light colours"),
        "looks.dark": gettext("Dark colours"),
        "signals": gettext("Signals to tags"),
        "hits": gettext("Counting page views"),
        "hits.campaigns": gettext("Campaigns"),
        "keep": gettext("What this server keeps"),
        "sources": gettext("Where data come from (optional)"),
        "transfers": gettext("Transfers"),
    }
    return str(found[name])


def label(name: str) -> str:
    """Of a field, by its name without numbers: `site.origins`, `services.cookies.name`."""
    found = {
        "introduction": gettext("What the notice opens with"),
        "site.name": gettext("Name for people"),
        "site.origins": gettext("Addresses of the website"),
        "site.languages": gettext("Languages, the default first"),
        "site.timezone": gettext("Time zone"),
        "site.updated": gettext("When the notice was last changed"),
        "asking.months": gettext("Months for which a choice stands"),
        "asking.reload_on_withdrawal": gettext("Load the page again after a withdrawal"),
        "keep.decisions": gettext("Decisions"),
        "keep.counters": gettext("Counts of page views"),
        "banner.title": gettext("Heading"),
        "banner.text": gettext("Text"),
        "looks.layout": gettext("Layout"),
        "looks.scheme": gettext("Colour scheme"),
        "looks.control": gettext("What stays after a choice"),
        "looks.side": gettext("Side of the window where it stays"),
        "looks.radius": gettext("Rounding of the corners, in pixels"),
        "looks.font": gettext("Fonts, as in CSS"),
        "looks.logo": gettext("Path of a logo on the website"),
        "surface": gettext("Background"),
        "text": gettext("Text"),
        "line": gettext("Lines"),
        "button": gettext("Buttons"),
        "button_text": gettext("Text of buttons"),
        "signals.google": gettext("Google consent mode"),
        "signals.data_layer": gettext("Name of Google's data layer"),
        "signals.wait_for_update": gettext("Milliseconds that Google's tags wait for the choice"),
        "signals.ads_data_redaction": gettext(
            "Google redacts advertising data (ads_data_redaction)"
        ),
        "signals.url_passthrough": gettext("Google puts ids into links (url_passthrough)"),
        "signals.wordpress": gettext("Speak to the WordPress consent API"),
        "hits.when": gettext("When page views are counted"),
        "hits.public": gettext("Everybody may see the visit figures"),
        "hits.subdomains": gettext("Referring hosts that are counted by themselves"),
        "hits.public_pages": gettext("Pages that these may name"),
        "hits.noise": gettext("Noise (epsilon: the less, the more of it)"),
        "name": gettext("Name"),
        "title": gettext("Title"),
        "address": gettext("Address"),
        "email": gettext("E-mail"),
        "phone": gettext("Phone"),
        "key": gettext("Key"),
        "description": gettext("Description"),
        "purposes.consent_types": gettext("Google's consent types that follow it"),
        "purposes.opt_out_signal": gettext("Off for browsers that ask not to be tracked"),
        "services.use": gettext("Known service"),
        "services.purpose": gettext("Purpose"),
        "services.processor": gettext("Recipient"),
        "services.privacy_policy": gettext("Address of its privacy policy"),
        "services.opt_out": gettext("Address of its opt-out page"),
        "services.signal": gettext("Signal that it obeys"),
        "services.cookies": gettext("Cookies"),
        "services.storage": gettext("Other storage in the browser"),
        "services.storage.kind": gettext("Kind"),
        "lifetime": gettext("Lifetime"),
        "use": gettext("What it is used for"),
        "processors.countries": gettext("Countries where the data are"),
        "processors.seat": gettext("Country of the company, if that is another"),
        "processors.task": gettext("Task"),
        "processors.note": gettext("What it receives"),
        "processors.links": gettext("Links"),
        "data.what": gettext("Which data"),
        "data.whose": gettext("Whose"),
        "data.why": gettext("What for"),
        "data.note": gettext("Remark"),
        "sources.names": gettext("Registers"),
        "transfers": gettext("What protects data outside the EEA (optional)"),
        "retention.what": gettext("Which data"),
        "retention.period": gettext("How long"),
    }
    # A campaign's parameter is its own name.
    last = name.rpartition(".")[2]
    return str(found.get(name) or found.get(last) or last)


def of_path(path: tuple[str | int, ...]) -> str:
    """What a place of the file is called: the part, and the field in it."""
    names = [each for each in path if isinstance(each, str) and each not in CATALOGUES]
    titles = parts()
    part = next(
        (titles[part] for part, tables in PARTS.items() if names and names[0] in tables),
        titles.get(names[0], "") if names else "",
    )
    return f"{part}: {label('.'.join(names))}" if len(names) > 1 else part


def hint(name: str) -> str:
    """What helps to fill in a field; empty where its label is enough."""
    found = {
        "site.origins": gettext("One on each line: https://www.example.no"),
        "site.languages": gettext("One code on each line: nb, nn, en, …"),
        "site.timezone": gettext("Whose days are counted, such as Europe/Oslo."),
        "asking.months": gettext("From 6 to 13, for consent and refusal alike."),
        "asking.reload_on_withdrawal": gettext(
            "Ends scripts that already run, which may still send what happened before."
        ),
        "keep.decisions": gettext("A number and a unit: 90 days, 25 months, 5 years."),
        "keep.counters": gettext("A number and a unit: 90 days, 25 months, 5 years."),
        "banner.title": gettext("Leave both empty for the standard words in every language."),
        "looks.logo": gettext("Such as /images/logo.svg. It is not loaded from elsewhere."),
        "looks.light": gettext("Rejecting and accepting have the same colours. Write #rrggbb."),
        "hits.public_pages": gettext(
            "Besides those of the website's sitemap, one path on each line. /products/* names every page below."
        ),
        "hits.noise": gettext("Leave it empty for none."),
        "hits.subdomains": gettext(
            "One on each line: news.example.com. Any other host counts as its domain, example.com."
        ),
        "hits.campaigns": gettext(
            "Of each parameter the values that are counted by name, one on each line."
        ),
        "key": gettext("Lower-case letters, digits and hyphens. It never shows."),
        "purposes.key": gettext(
            "necessary, preferences, analytics and marketing have standard words; another key needs its own."
        ),
        "purposes.opt_out_signal": gettext("Global Privacy Control and Do Not Track."),
        "services.use": gettext("Then all else is known, and what you fill in below replaces it."),
        "services.cookies": gettext("An empty row goes."),
        "services.cookies.name": gettext("A * at its end stands for any ending."),
        "services.cookies.lifetime": gettext(
            "session, or a number and a unit: 30 minutes, 2 years."
        ),
        "services.storage": gettext("An empty row goes."),
        "services.storage.name": gettext("A * stands for whatever differs: ph_*_posthog."),
        "services.storage.lifetime": gettext(
            "Empty: as long as the browser keeps it. Otherwise as for cookies."
        ),
        "processors.countries": gettext(
            "One code on each line: NO, IE, US, EU, or 001 for the whole world."
        ),
        "processors.links": gettext("An empty row goes."),
        "sources.names": gettext("One on each line."),
    }
    last = name.rpartition(".")[2]
    return str(found.get(name) or (found.get(last, "") if last == "key" else ""))


def option(name: str, value: str) -> str:
    """What a choice is called; where it is a key of the file or a code, that itself."""
    return options(name).get(value, value)


def options(name: str) -> dict[str, str]:
    """The choices of a field that are called something else than what the file says."""
    found: dict[str, dict[str, str]] = {
        "looks.layout": {
            "bar": gettext("A bar along the lower edge"),
            "box": gettext("A box in the lower corner"),
            "centre": gettext("A box in the middle"),
        },
        "looks.control": {
            "icon": gettext("A round button"),
            "words": gettext("Buttons with words: settings and withdrawal"),
            "none": gettext("Nothing: the website has a button of its own"),
        },
        "looks.side": {"left": gettext("Left"), "right": gettext("Right")},
        "looks.scheme": {
            "auto": gettext("As the visitor's system"),
            "light": gettext("Light"),
            "dark": gettext("Dark"),
        },
        "signals.google": {
            "basic": gettext("Basic: Google's code waits for consent"),
            "advanced": gettext(
                "Advanced: it is loaded before, and sends messages without cookies"
            ),
            "off": gettext("Off"),
        },
        "hits.when": {
            "always": gettext("Always: nothing is stored or read in the browser"),
            "analytics": gettext("Only after consent to statistics"),
            "never": gettext("Never"),
        },
        "services.storage.kind": {str(kind): name for kind, name in STORAGE_KINDS.items()},
        "services.signal": {
            "google": "Google",
            "meta": "Meta",
            "uet": "Microsoft UET",
            "clarity": "Microsoft Clarity",
            "none": gettext("None"),
        },
    }
    return found.get(name, {})
