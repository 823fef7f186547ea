"""What staff pages call the parts and keys of a site file, and what they say of them."""

from flask_babel import gettext

from consent.core.catalogues import CATALOGUES, gettext_noop
from consent.site.forms import PARTS
from consent.site.schema import STORAGE_KINDS

_PARTS = {
    "site": gettext_noop("Website and introduction"),
    "banner": gettext_noop("Banner and appearance"),
    "purposes": gettext_noop("Purposes"),
    "services": gettext_noop("Services and cookies"),
    "processors": gettext_noop("Recipients"),
    "data": gettext_noop("Personal data"),
    "sources": gettext_noop("Sources and transfers"),
    "retention": gettext_noop("How long data is kept"),
    "rights": gettext_noop("Rights"),
    "safeguards": gettext_noop("Safeguards"),
    "statements": gettext_noop("Other statements"),
    "contacts": gettext_noop("Contacts"),
    "signals": gettext_noop("Signals and counting"),
    "keep": gettext_noop("Retention on this server"),
}

# What the pages of rows that are not there yet are called.
_NEW_ROWS = {
    "purposes": gettext_noop("Add a purpose"),
    "services": gettext_noop("Add a service"),
    "processors": gettext_noop("Add a recipient"),
    "data": gettext_noop("Add personal data"),
    "retention": gettext_noop("Add a retention period"),
    "rights": gettext_noop("Add a right"),
    "safeguards": gettext_noop("Add a safeguard"),
    "statements": gettext_noop("Add a statement"),
}

# The heading above the fields of a table, in a form of several.
_TABLES = {
    "introduction": gettext_noop("Introduction"),
    "site": gettext_noop("Website"),
    "controller": gettext_noop("Controller: decides why and how data is used"),
    "dpo": gettext_noop("Data protection officer (optional)"),
    "authority": gettext_noop("Supervisory authority (optional)"),
    "banner": gettext_noop("Custom banner text (optional)"),
    "asking": gettext_noop("Asking for consent"),
    "looks": gettext_noop("Appearance"),
    "looks.light": gettext_noop("Light colours"),
    "looks.dark": gettext_noop("Dark colours"),
    "signals": gettext_noop("Signals to tags"),
    "hits": gettext_noop("Counting page views"),
    "hits.campaigns": gettext_noop("Campaigns"),
    "keep": gettext_noop("Retention on this server"),
    "sources": gettext_noop("Sources of data (optional)"),
    "transfers": gettext_noop("Transfers"),
}

# Of a field, by its name without numbers: `site.origins`, `services.cookies.name`; or by its last word.
_LABELS = {
    "introduction": gettext_noop("Opening text of the notice"),
    "site.name": gettext_noop("Display name"),
    "site.origins": gettext_noop("Website addresses"),
    "site.languages": gettext_noop("Languages, the default first"),
    "site.timezone": gettext_noop("Time zone"),
    "site.updated": gettext_noop("Date of the last change to the notice"),
    "asking.months": gettext_noop("Months that a choice is valid"),
    "asking.reload_on_withdrawal": gettext_noop("Reload the page when consent is withdrawn"),
    "keep.decisions": gettext_noop("Decisions"),
    "keep.counters": gettext_noop("Page view counts"),
    "banner.title": gettext_noop("Heading"),
    "banner.text": gettext_noop("Text"),
    "looks.layout": gettext_noop("Layout"),
    "looks.scheme": gettext_noop("Colour scheme"),
    "looks.control": gettext_noop("Button shown after a choice"),
    "looks.side": gettext_noop("Side of the window"),
    "looks.radius": gettext_noop("Corner radius in pixels"),
    "looks.font": gettext_noop("Fonts, as in CSS"),
    "looks.logo": gettext_noop("Path of the logo on the website"),
    "surface": gettext_noop("Background"),
    "text": gettext_noop("Text"),
    "line": gettext_noop("Lines"),
    "button": gettext_noop("Buttons"),
    "button_text": gettext_noop("Button text"),
    "signals.google": gettext_noop("Google consent mode"),
    "signals.data_layer": gettext_noop("Name of Google's data layer"),
    "signals.wait_for_update": gettext_noop("Milliseconds that Google's tags wait for the choice"),
    "signals.ads_data_redaction": gettext_noop(
        "Google redacts advertising data (ads_data_redaction)"
    ),
    "signals.url_passthrough": gettext_noop("Google adds ids to links (url_passthrough)"),
    "signals.wordpress": gettext_noop("Send signals to the WordPress consent API"),
    "hits.when": gettext_noop("When to count page views"),
    "hits.public": gettext_noop("Visit statistics are public"),
    "hits.subdomains": gettext_noop("Referring hosts to count separately"),
    "hits.public_pages": gettext_noop("Pages that public statistics may name"),
    "hits.noise": gettext_noop("Noise (epsilon: a lower value adds more noise)"),
    "name": gettext_noop("Name"),
    "title": gettext_noop("Title"),
    "address": gettext_noop("Address"),
    "email": gettext_noop("E-mail"),
    "phone": gettext_noop("Phone"),
    "key": gettext_noop("Key"),
    "description": gettext_noop("Description"),
    "purposes.consent_types": gettext_noop("Google's consent types for this purpose"),
    "purposes.opt_out_signal": gettext_noop("Off for browsers that ask not to be tracked"),
    "services.use": gettext_noop("Known service"),
    "services.purpose": gettext_noop("Purpose"),
    "services.processor": gettext_noop("Recipient"),
    "services.privacy_policy": gettext_noop("Address of the privacy policy"),
    "services.opt_out": gettext_noop("Address of the opt-out page"),
    "services.signal": gettext_noop("Consent signal that it follows"),
    "services.cookies": gettext_noop("Cookies"),
    "services.storage": gettext_noop("Other storage in the browser"),
    "services.storage.kind": gettext_noop("Kind"),
    "lifetime": gettext_noop("Lifetime"),
    "use": gettext_noop("Used for"),
    "processors.countries": gettext_noop("Countries where the data is"),
    "processors.seat": gettext_noop("Country of the company, if different"),
    "processors.task": gettext_noop("Task"),
    "processors.note": gettext_noop("Data it receives"),
    "processors.links": gettext_noop("Links"),
    "data.what": gettext_noop("Data"),
    "data.whose": gettext_noop("Whose data"),
    "data.why": gettext_noop("Why"),
    "data.note": gettext_noop("Note"),
    "sources.names": gettext_noop("Registers"),
    "transfers": gettext_noop("Protection of data outside the EEA (optional)"),
    "retention.what": gettext_noop("Data"),
    "retention.period": gettext_noop("How long"),
}

# What helps to fill in a field whose label is not enough.
_HINTS = {
    "site.origins": gettext_noop("One per line: https://www.example.no"),
    "site.languages": gettext_noop("One code per line: nb, nn, en, …"),
    "site.timezone": gettext_noop("Days are counted in this time zone. For example Europe/Oslo."),
    "asking.months": gettext_noop("From 6 to 13. The same for accepting and rejecting."),
    "asking.reload_on_withdrawal": gettext_noop(
        "Stops running scripts, which could otherwise still send earlier events."
    ),
    "keep.decisions": gettext_noop("A number and a unit: 90 days, 25 months, 5 years."),
    "keep.counters": gettext_noop("A number and a unit: 90 days, 25 months, 5 years."),
    "banner.title": gettext_noop("Leave both empty to use the standard text in every language."),
    "looks.logo": gettext_noop(
        "For example /images/logo.svg. The logo loads only from the website itself."
    ),
    "looks.light": gettext_noop(
        "The accept and reject buttons share these colours. Write #rrggbb."
    ),
    "hits.public_pages": gettext_noop(
        "One path per line, besides the website's sitemap. /products/* names every page below it."
    ),
    "hits.noise": gettext_noop("Leave empty for no noise."),
    "hits.subdomains": gettext_noop(
        "One per line: news.example.com. Any other host counts as its domain, example.com."
    ),
    "hits.campaigns": gettext_noop(
        "For each parameter, the values to count by name, one per line."
    ),
    "key": gettext_noop("Lower-case letters, digits and hyphens. Visitors never see the key."),
    "purposes.key": gettext_noop(
        "necessary, preferences, analytics and marketing have standard texts. Any other key needs its own."
    ),
    "purposes.opt_out_signal": gettext_noop("Global Privacy Control and Do Not Track."),
    "services.use": gettext_noop(
        "A known service fills in the rest. Anything you enter below replaces it."
    ),
    "services.cookies": gettext_noop("Empty rows are removed."),
    "services.cookies.name": gettext_noop("A * at the end matches any ending."),
    "services.cookies.lifetime": gettext_noop(
        "session, or a number and a unit: 30 minutes, 2 years."
    ),
    "services.storage": gettext_noop("Empty rows are removed."),
    "services.storage.name": gettext_noop("A * matches any text: ph_*_posthog."),
    "services.storage.lifetime": gettext_noop(
        "Leave empty if the browser keeps it until it is deleted. Otherwise write it as for cookies."
    ),
    "processors.countries": gettext_noop(
        "One code per line: NO, IE, US, EU, or 001 for the whole world."
    ),
    "processors.links": gettext_noop("Empty rows are removed."),
    "sources.names": gettext_noop("One per line."),
}

# The choices of a field that are called something else than what the file says.
_OPTIONS: dict[str, dict[str, str]] = {
    "looks.layout": {
        "bar": gettext_noop("A bar at the bottom"),
        "box": gettext_noop("A box in the bottom corner"),
        "centre": gettext_noop("A box in the middle"),
    },
    "looks.control": {
        "icon": gettext_noop("A round button"),
        "words": gettext_noop("Text buttons: settings and withdraw consent"),
        "none": gettext_noop("Nothing: the website has its own button"),
    },
    "looks.side": {"left": gettext_noop("Left"), "right": gettext_noop("Right")},
    "looks.scheme": {
        "auto": gettext_noop("Same as the visitor's system"),
        "light": gettext_noop("Light"),
        "dark": gettext_noop("Dark"),
    },
    "signals.google": {
        "basic": gettext_noop("Basic: Google's code waits for consent"),
        "advanced": gettext_noop(
            "Advanced: Google's code loads before the choice, and sends messages without cookies"
        ),
        "off": gettext_noop("Off"),
    },
    "hits.when": {
        "always": gettext_noop("Always: nothing is stored or read in the browser"),
        "analytics": gettext_noop("Only after consent to statistics"),
        "never": gettext_noop("Never"),
    },
    "services.storage.kind": {str(kind): name for kind, name in STORAGE_KINDS.items()},
    "services.signal": {
        "google": "Google",
        "meta": "Meta",
        "uet": "Microsoft UET",
        "clarity": "Microsoft Clarity",
        "none": gettext_noop("None"),
    },
}


def parts() -> list[str]:
    """The parts of a file, in the order of the dashboard."""
    return list(_PARTS)


def of_part(part: str) -> str:
    return str(gettext(_PARTS[part]))


def of_new_row(part: str) -> str:
    """What the page of a row that is not there yet is called."""
    return str(gettext(_NEW_ROWS[part]))


def of_table(name: str) -> str:
    """The heading above the fields of a table, in a form of several."""
    return str(gettext(_TABLES[name]))


def label(name: str) -> str:
    """What a field is called. `name` is without numbers: `services.cookies.name`."""
    # A campaign's parameter is its own name.
    last = name.rpartition(".")[2]
    found = _LABELS.get(name) or _LABELS.get(last)
    return str(gettext(found)) if found else last


def of_path(path: tuple[str | int, ...]) -> str:
    """What a place of the file is called: the part, and the field in it."""
    names = [each for each in path if isinstance(each, str) and each not in CATALOGUES]
    key = next(
        (part for part, tables in PARTS.items() if names and names[0] in tables),
        names[0] if names else "",
    )
    part = of_part(key) if key in _PARTS else ""
    return f"{part}: {label('.'.join(names))}" if len(names) > 1 else part


def hint(name: str) -> str:
    """What helps to fill in a field; empty where its label is enough."""
    is_key = name.rpartition(".")[2] == "key"
    found = _HINTS.get(name) or (_HINTS["key"] if is_key else "")
    return str(gettext(found)) if found else ""


def option(name: str, value: str) -> str:
    """What a choice is called; where it is a key of the file or a code, that itself."""
    return options(name).get(value, value)


def options(name: str) -> dict[str, str]:
    """The choices of a field that are called something else than what the file says."""
    return {value: str(gettext(text)) for value, text in _OPTIONS.get(name, {}).items()}
