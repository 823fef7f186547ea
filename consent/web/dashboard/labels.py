"""What staff pages call the parts and keys of a site file, and what they say of them."""

from flask_babel import gettext

from consent.core.catalogues import CATALOGUES
from consent.site.forms import PARTS
from consent.site.schema import STORAGE_KINDS


def parts() -> dict[str, str]:
    return {
        "site": gettext("Website and introduction"),
        "banner": gettext("Banner and appearance"),
        "purposes": gettext("Purposes"),
        "services": gettext("Services and cookies"),
        "processors": gettext("Recipients"),
        "data": gettext("Personal data"),
        "sources": gettext("Sources and transfers"),
        "retention": gettext("How long data is kept"),
        "rights": gettext("Rights"),
        "safeguards": gettext("Safeguards"),
        "statements": gettext("Other statements"),
        "contacts": gettext("Contacts"),
        "signals": gettext("Signals and counting"),
        "keep": gettext("Retention on this server"),
    }


def new_rows() -> dict[str, str]:
    """What the pages of rows that are not there yet are called."""
    return {
        "purposes": gettext("Add a purpose"),
        "services": gettext("Add a service"),
        "processors": gettext("Add a recipient"),
        "data": gettext("Add personal data"),
        "retention": gettext("Add a retention period"),
        "rights": gettext("Add a right"),
        "safeguards": gettext("Add a safeguard"),
        "statements": gettext("Add a statement"),
    }


def of_table(name: str) -> str:
    """The heading above the fields of a table, in a form of several."""
    found = {
        "introduction": gettext("Introduction"),
        "site": gettext("Website"),
        "controller": gettext("Controller: decides why and how data is used"),
        "dpo": gettext("Data protection officer (optional)"),
        "authority": gettext("Supervisory authority (optional)"),
        "banner": gettext("Custom banner text (optional)"),
        "asking": gettext("Asking for consent"),
        "looks": gettext("Appearance"),
        "looks.light": gettext("Light colours"),
        "looks.dark": gettext("Dark colours"),
        "signals": gettext("Signals to tags"),
        "hits": gettext("Counting page views"),
        "hits.campaigns": gettext("Campaigns"),
        "keep": gettext("Retention on this server"),
        "sources": gettext("Sources of data (optional)"),
        "transfers": gettext("Transfers"),
    }
    return str(found[name])


def label(name: str) -> str:
    """Of a field, by its name without numbers: `site.origins`, `services.cookies.name`."""
    found = {
        "introduction": gettext("Opening text of the notice"),
        "site.name": gettext("Display name"),
        "site.origins": gettext("Website addresses"),
        "site.languages": gettext("Languages, the default first"),
        "site.timezone": gettext("Time zone"),
        "site.updated": gettext("Date of the last change to the notice"),
        "asking.months": gettext("Months that a choice is valid"),
        "asking.reload_on_withdrawal": gettext("Reload the page when consent is withdrawn"),
        "keep.decisions": gettext("Decisions"),
        "keep.counters": gettext("Page view counts"),
        "banner.title": gettext("Heading"),
        "banner.text": gettext("Text"),
        "looks.layout": gettext("Layout"),
        "looks.scheme": gettext("Colour scheme"),
        "looks.control": gettext("Button shown after a choice"),
        "looks.side": gettext("Side of the window"),
        "looks.radius": gettext("Corner radius in pixels"),
        "looks.font": gettext("Fonts, as in CSS"),
        "looks.logo": gettext("Path of the logo on the website"),
        "surface": gettext("Background"),
        "text": gettext("Text"),
        "line": gettext("Lines"),
        "button": gettext("Buttons"),
        "button_text": gettext("Button text"),
        "signals.google": gettext("Google consent mode"),
        "signals.data_layer": gettext("Name of Google's data layer"),
        "signals.wait_for_update": gettext("Milliseconds that Google's tags wait for the choice"),
        "signals.ads_data_redaction": gettext(
            "Google redacts advertising data (ads_data_redaction)"
        ),
        "signals.url_passthrough": gettext("Google adds ids to links (url_passthrough)"),
        "signals.wordpress": gettext("Send signals to the WordPress consent API"),
        "hits.when": gettext("When to count page views"),
        "hits.public": gettext("Visit statistics are public"),
        "hits.subdomains": gettext("Referring hosts to count separately"),
        "hits.public_pages": gettext("Pages that public statistics may name"),
        "hits.noise": gettext("Noise (epsilon: a lower value adds more noise)"),
        "name": gettext("Name"),
        "title": gettext("Title"),
        "address": gettext("Address"),
        "email": gettext("E-mail"),
        "phone": gettext("Phone"),
        "key": gettext("Key"),
        "description": gettext("Description"),
        "purposes.consent_types": gettext("Google's consent types for this purpose"),
        "purposes.opt_out_signal": gettext("Off for browsers that ask not to be tracked"),
        "services.use": gettext("Known service"),
        "services.purpose": gettext("Purpose"),
        "services.processor": gettext("Recipient"),
        "services.privacy_policy": gettext("Address of the privacy policy"),
        "services.opt_out": gettext("Address of the opt-out page"),
        "services.signal": gettext("Consent signal that it follows"),
        "services.cookies": gettext("Cookies"),
        "services.storage": gettext("Other storage in the browser"),
        "services.storage.kind": gettext("Kind"),
        "lifetime": gettext("Lifetime"),
        "use": gettext("Used for"),
        "processors.countries": gettext("Countries where the data is"),
        "processors.seat": gettext("Country of the company, if different"),
        "processors.task": gettext("Task"),
        "processors.note": gettext("Data it receives"),
        "processors.links": gettext("Links"),
        "data.what": gettext("Data"),
        "data.whose": gettext("Whose data"),
        "data.why": gettext("Why"),
        "data.note": gettext("Note"),
        "sources.names": gettext("Registers"),
        "transfers": gettext("Protection of data outside the EEA (optional)"),
        "retention.what": gettext("Data"),
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
        "site.origins": gettext("One per line: https://www.example.no"),
        "site.languages": gettext("One code per line: nb, nn, en, …"),
        "site.timezone": gettext("Days are counted in this time zone. For example Europe/Oslo."),
        "asking.months": gettext("From 6 to 13. The same for accepting and rejecting."),
        "asking.reload_on_withdrawal": gettext(
            "Stops running scripts, which could otherwise still send earlier events."
        ),
        "keep.decisions": gettext("A number and a unit: 90 days, 25 months, 5 years."),
        "keep.counters": gettext("A number and a unit: 90 days, 25 months, 5 years."),
        "banner.title": gettext("Leave both empty to use the standard text in every language."),
        "looks.logo": gettext(
            "For example /images/logo.svg. The logo loads only from the website itself."
        ),
        "looks.light": gettext("The accept and reject buttons share these colours. Write #rrggbb."),
        "hits.public_pages": gettext(
            "One path per line, besides the website's sitemap. /products/* names every page below it."
        ),
        "hits.noise": gettext("Leave empty for no noise."),
        "hits.subdomains": gettext(
            "One per line: news.example.com. Any other host counts as its domain, example.com."
        ),
        "hits.campaigns": gettext("For each parameter, the values to count by name, one per line."),
        "key": gettext("Lower-case letters, digits and hyphens. Visitors never see the key."),
        "purposes.key": gettext(
            "necessary, preferences, analytics and marketing have standard texts. Any other key needs its own."
        ),
        "purposes.opt_out_signal": gettext("Global Privacy Control and Do Not Track."),
        "services.use": gettext(
            "A known service fills in the rest. Anything you enter below replaces it."
        ),
        "services.cookies": gettext("Empty rows are removed."),
        "services.cookies.name": gettext("A * at the end matches any ending."),
        "services.cookies.lifetime": gettext(
            "session, or a number and a unit: 30 minutes, 2 years."
        ),
        "services.storage": gettext("Empty rows are removed."),
        "services.storage.name": gettext("A * matches any text: ph_*_posthog."),
        "services.storage.lifetime": gettext(
            "Leave empty if the browser keeps it until it is deleted. Otherwise write it as for cookies."
        ),
        "processors.countries": gettext(
            "One code per line: NO, IE, US, EU, or 001 for the whole world."
        ),
        "processors.links": gettext("Empty rows are removed."),
        "sources.names": gettext("One per line."),
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
            "bar": gettext("A bar at the bottom"),
            "box": gettext("A box in the bottom corner"),
            "centre": gettext("A box in the middle"),
        },
        "looks.control": {
            "icon": gettext("A round button"),
            "words": gettext("Text buttons: settings and withdraw consent"),
            "none": gettext("Nothing: the website has its own button"),
        },
        "looks.side": {"left": gettext("Left"), "right": gettext("Right")},
        "looks.scheme": {
            "auto": gettext("Same as the visitor's system"),
            "light": gettext("Light"),
            "dark": gettext("Dark"),
        },
        "signals.google": {
            "basic": gettext("Basic: Google's code waits for consent"),
            "advanced": gettext(
                "Advanced: Google's code loads before the choice, and sends messages without cookies"
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
