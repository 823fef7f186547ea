"""Every fact of the demo's notice is on the page, in three languages, and comes from the site file."""

import pytest
from flask.testing import FlaskClient

from consent.demo import SITE_FILE
from tests import pages
from tests.conftest import publish

# What stands on the page whatever its language.
NAMES = [
    "07 SØR IT DRIFT AS",
    "Industrigata 33",
    "4632 Kristiansand",
    "support.sor@07.no",
    "+47 38 12 39 00",
    "Rolv W. Pripp",
    "Datatilsynet",
    "ISP",
    "1881.no",
    "Posten",
    "Bring",
    "Experian",
    "Brønnøysundregistrene",
    "Syse AS",
    "ISO 9001:2008",
    "Telia",
    "PayEx",
    "PCI DSS",
    "Delighted",
    "Facebook Ireland",
    "Facebook Inc.",
    "ManageWP",
    "GoDaddy",
    "Google",
    "Atlassian PTY Ltd",
    "status.syse.io",
    "GlobalSign",
    "TLS",
    "Squareup International Ltd",
    "Weebly",
    "Linode LLC",
    "WHOIS",
    "Standard Contractual Clauses",
    "SMS",
    "72",
    "256",
    "IP",
    "Google Analytics",
    "Google Ads",
    "Meta Pixel",
    "YouTube",
    "_ga",
    "_gcl_au",
    "_fbp",
    "VISITOR_INFO1_LIVE",
    "WordPress",
]

# One row a fact: how it reads in Bokmål, Nynorsk and English. All in lower case.
FACTS = [
    ("systemadministrator", "systemadministrator", "system administrator"),
    ("klage", "klage", "complain"),
    ("10. oktober 2021", "10. oktober 2021", "october 10, 2021"),
    ("fornavn", "førenamn", "first"),
    ("etternavn", "etternamn", "last name"),
    ("postadresse", "postadresse", "postal address"),
    ("kontaktperson", "kontaktperson", "contact person"),
    ("brukerkonto", "brukarkonto", "user account"),
    ("kundeforhold", "kundeforhold", "customer relationship"),
    ("sikkerhet", "tryggleik", "security"),
    ("ikke frivillig", "ikkje frivillig", "not voluntary"),
    ("nettlesertype", "nettlesartype", "browser type"),
    ("operativsystem", "operativsystem", "operating system"),
    ("klikkstrøm", "klikkstraum", "click stream"),
    ("dato", "dato", "date"),
    ("anonym", "anonym", "anonymous"),
    ("aldri", "aldri", "never linked"),
    ("markedsføring", "marknadsføring", "marketing"),
    ("statistikk", "statistikk", "statistics"),
    ("egne servere", "eigne tenarar", "own servers"),
    ("kreditt", "kreditt", "credit"),
    ("e-post", "e-post", "e-mail"),
    ("innkommende", "innkom", "incoming call"),
    ("konsesjon", "konsesjon", "licen"),
    ("maskert", "maskert", "masked"),
    ("transaksjon", "transaksjon", "transaction"),
    ("faktura", "faktura", "invoice"),
    ("frivillig", "frivillig", "voluntary"),
    ("sikkerhetskopi", "tryggingskopi", "backup"),
    ("oppetid", "oppetid", "uptime"),
    ("trafikken kommer fra", "trafikken kjem frå", "traffic"),
    ("dokumentasjon", "dokumentasjon", "documentation"),
    ("sertifikat", "sertifikat", "certificate"),
    ("katastrofe", "katastrofe", "disaster"),
    ("irland", "irland", "ireland"),
    ("usa", "usa", "united states"),
    ("land ikke oppgitt", "land ikkje oppgitt", "country not stated"),
    ("innsyn", "innsyn", "access"),
    ("rett", "rett", "rectif"),
    ("fortløpende", "fortløpande", "continuously"),
    ("korrespondanse", "korrespondanse", "correspondence"),
    ("historikk", "historikk", "history"),
    ("dataportabilitet", "dataportabilitet", "portability"),
    ("maskinlesbar", "maskinles", "machine-readable"),
    ("saltet", "salta", "salted"),
    ("arbeidsfaktor", "arbeidsfaktor", "work factor"),
    ("kryptert", "kryptert", "encrypted"),
    ("72 timer", "72 timar", "72 hours"),
    ("skriftlig", "skriftleg", "in writing"),
    ("sensitiv", "sensitiv", "sensitive"),
    ("legitimasjon", "legitimasjon", "id"),
    ("myndighet", "styresmakt", "authorit"),
    ("eøs", "eøs", "eea"),
    ("vesentlig", "vesentleg", "material"),
    ("1 time", "1 time", "1 hour"),
    ("kontortid", "kontortid", "office hours"),
]


@pytest.mark.parametrize("language", ["nb", "nn", "en"])
def test_every_fact_is_on_the_notice(client: FlaskClient, language: str) -> None:
    said = pages.check(client.get(f"/privacy/07sor/?lang={language}"), language)

    assert [name for name in NAMES if name not in said] == []
    column = ("nb", "nn", "en").index(language)
    assert [row[column] for row in FACTS if row[column] not in said.lower()] == []


@pytest.mark.parametrize("name", ["Rolv W. Pripp", "Syse AS", "ISO 9001:2008", "Industrigata 33"])
def test_the_facts_come_from_the_site_file(app, client: FlaskClient, name: str) -> None:  # type: ignore[no-untyped-def]
    with app.app_context():
        publish(SITE_FILE.read_text().replace(name, "Somebody Else"))

    assert name not in pages.check(client.get("/privacy/07sor/"))


def test_opt_out_pages_of_google_and_meta_are_linked(client: FlaskClient) -> None:
    page = client.get("/privacy/07sor/?lang=en").get_data(as_text=True)

    for address in (
        "https://tools.google.com/dlpage/gaoptout",
        "https://myadcenter.google.com/",
        "https://www.facebook.com/adpreferences/ad_settings",
        "https://managewp.com/data-processing-addendum",
    ):
        assert f'href="{address}"' in page
