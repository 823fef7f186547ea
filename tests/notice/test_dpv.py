"""A notice in the Data Privacy Vocabulary: what three readers understand, and that its terms are those of DPV 2.3."""

import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from rdflib import DCTERMS, OWL, RDF, Graph, Literal, URIRef

from consent.core.db import db
from consent.notice import dpv, dpv_terms, publishing
from tests import factories, json_ld, pages
from tests.conftest import make_app

# rdflib's own reader of JSON-LD uses what rdflib gives up.
pytestmark = pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated")

DOCUMENT = (Path(__file__).parents[2] / "docs/notice-data.md").read_text()
DEMO = "/privacy/07sor/versions/1"
SHOP = "/privacy/krukke/versions/1"
# All that a site file may say and the shop's does not.
MORE = """
[[purposes]]
key = "preferences"

[[purposes]]
key = "fitting"
title.en = "Fitting rooms"
title.nb = "Prøverom"
description.en = "Keeps a room for you."
description.nb = "Holder av et rom til deg."

[[purposes]]
key = "marketing"
title.en = "Letters"
title.nb = "Brev"

[[services]]
key = "cart"
name = "Cart"
purpose = "necessary"
processor = "everywhere"
description.en = "Keeps what you picked."
description.nb = "Husker det du valgte."

[[services.cookies]]
name = "cart"
lifetime = "2 days"
use.en = "Your cart."
use.nb = "Kurven din."

[[services.storage]]
kind = "local"
name = "cart:*"
use.en = "What is in it."
use.nb = "Det som er i den."

[[processors]]
key = "everywhere"
name = "Everywhere Ltd"
countries = ["NO", "EU", "001", "XK"]
seat = "US"
task.en = "Keeping"
task.nb = "Lagring"
note.en = "Keeps \\"carts\\",\\nand backslashes \\\\."
note.nb = "Tar vare på 🛒."

[[safeguards]]
key = "locks"
title.en = "Locks"
title.nb = "Låser"
text.en = "On each door."
text.nb = "På hver dør."

[[rights]]
key = "of-our-own"
title.en = "Exchange"
title.nb = "Bytte"
text.en = "Within a month."
text.nb = "Innen en måned."

[authority]
name = "Datatilsynet"
address = "https://www.datatilsynet.no/"
text.en = "You may complain."
text.nb = "Du kan klage."

[dpo]
name = "Kari"
email = "kari@shop.example"
phone = "+47 38 12 39 00"
"""


@pytest.fixture
def shop(app: Flask, client: FlaskClient) -> Graph:
    """What rdflib reads of the shop's notice, once it says all that a site file may."""
    with app.app_context():
        publishing.publish(db.session(), factories.shop() + MORE, datetime.now(UTC))
    return read(client, f"{SHOP[:-1]}2")


def text_of(client: FlaskClient, path: str) -> str:
    answer = client.get(f"{path}.jsonld")
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def read(client: FlaskClient, path: str) -> Graph:
    return Graph().parse(data=text_of(client, path), format="json-ld")


def long(term: str) -> URIRef:
    """The whole address of `dpv:Purpose`."""
    prefix, _, name = term.partition(":")
    return URIRef(dpv_terms.NAMESPACES[prefix] + name)


def own(name: str, number: int = 2) -> URIRef:
    return URIRef(f"http://localhost/privacy/krukke/versions/{number}#{name}")


def types(graph: Graph, node: Any) -> set[Any]:
    return set(graph.objects(node, RDF.type))


def titles(graph: Graph, node: Any) -> set[Any]:
    return set(graph.objects(node, DCTERMS.title))


def of_vocabularies(terms: Iterable[Any]) -> set[URIRef]:
    return {term for term in terms if str(term).startswith(tuple(dpv_terms.NAMESPACES.values()))}


@pytest.mark.parametrize("path", [DEMO, SHOP])
def test_three_readers_understand_the_same(client: FlaskClient, path: str) -> None:
    text = text_of(client, path)

    understood = json_ld.by_pyld(text)
    assert json_ld.by_rdflib(text) == understood
    assert json_ld.by_jsonld_js(text) == understood


def test_they_do_for_all_that_a_site_file_may_say(shop: Graph, client: FlaskClient) -> None:
    text = text_of(client, f"{SHOP[:-1]}2")

    understood = json_ld.by_pyld(text)
    assert json_ld.by_rdflib(text) == json_ld.by_jsonld_js(text) == understood
    assert len(understood.splitlines()) == len(shop)


def test_it_means_the_same_wherever_it_is_read(client: FlaskClient) -> None:
    text = text_of(client, DEMO)

    elsewhere = Graph().parse(data=text, format="json-ld", publicID="https://elsewhere.example/a/")
    assert set(elsewhere) == set(Graph().parse(data=text, format="json-ld"))


def test_each_node_has_an_absolute_id_of_the_notice_or_of_a_vocabulary(shop: Graph) -> None:
    nodes = {node for node in shop.all_nodes() if not isinstance(node, Literal)}

    strangers = nodes - of_vocabularies(nodes) - {URIRef(dpv_terms.VERSION)}
    page = str(own("")).removesuffix("#")
    assert {str(node).partition("#")[0] for node in strangers} == {page}


def test_the_address_is_the_public_one(settings: dict[str, Any]) -> None:
    client = make_app({**settings, "public_url": "https://consent.example"}).test_client()

    found = json.loads(text_of(client, SHOP))
    assert found["@id"] == f"https://consent.example{SHOP}"


@pytest.mark.parametrize("path", [DEMO, SHOP])
def test_each_term_is_one_of_dpv_2_3(client: FlaskClient, path: str) -> None:
    check_terms(read(client, path))


def test_so_is_each_term_for_all_that_a_site_file_may_say(shop: Graph) -> None:
    check_terms(shop)


@pytest.mark.parametrize("purpose", dpv.PURPOSES)
def test_a_standard_purpose_has_its_concept(shop: Graph, purpose: str) -> None:
    concepts = {long("dpv:Purpose"), long(dpv.PURPOSES[purpose])}
    assert types(shop, own(f"purpose-{purpose}")) == concepts


def check_terms(graph: Graph) -> None:
    """Each term stands in the table of facts, and is used as what the table says it is."""
    classes = {long(term) for term in dpv_terms.CONCEPTS}
    places = {long(f"loc:{code}") for code in dpv_terms.COUNTRIES | dpv_terms.UNIONS}
    properties = {long(term): fact for term, fact in dpv_terms.PROPERTIES.items()}
    assert {*graph.predicates()} <= {RDF.type, *properties}
    assert set(graph.objects(None, RDF.type)) <= classes
    assert of_vocabularies({*graph.subjects(), *graph.objects()}) <= classes | places
    for _, name, value in graph:
        if name in properties:
            wanted = properties[name].range
            assert long(wanted) in types(graph, value) if wanted else isinstance(value, Literal)


def test_so_is_the_article_of_each_usual_right(app: Flask, client: FlaskClient) -> None:
    usual = [key for key in dpv.RIGHTS if key != "access"]
    rights = "".join(
        f'[[rights]]\nkey = "{key}"\ntitle = {{en = "R", nb = "R"}}\ntext = {{en = "T", nb = "T"}}\n'
        for key in usual
    )
    with app.app_context():
        publishing.publish(db.session(), factories.shop() + rights, datetime.now(UTC))

    graph = read(client, f"{SHOP[:-1]}2")
    check_terms(graph)
    for place, key in enumerate(usual, 2):
        assert types(graph, own(f"right-{place}")) == {long("dpv:Right"), long(dpv.RIGHTS[key])}


@pytest.mark.parametrize("path", [DEMO, SHOP])
def test_each_node_says_what_it_is(client: FlaskClient, path: str) -> None:
    graph = read(client, path)

    for node in {*graph.subjects(), *graph.objects(None, None)} - {*graph.objects(None, RDF.type)}:
        assert isinstance(node, Literal) or types(graph, node), node


def test_the_table_agrees_with_the_vocabularies_that_rdflib_knows() -> None:
    named = {long(term) for term in {*dpv_terms.PROPERTIES, *dpv_terms.CONCEPTS}}

    for term in named:
        if str(term).startswith(str(DCTERMS)):
            assert term in DCTERMS
        if str(term).startswith(str(OWL)):
            assert term in OWL


def test_own_purposes_are_nodes_of_their_own_with_their_titles(shop: Graph) -> None:
    sizing, fitting = own("purpose-sizing"), own("purpose-fitting")

    assert types(shop, sizing) == types(shop, fitting) == {long("dpv:Purpose")}
    assert titles(shop, sizing) == {
        Literal("Finding your size", "en"),
        Literal("Finne størrelsen din", "nb"),
    }
    assert titles(shop, fitting) == {Literal("Fitting rooms", "en"), Literal("Prøverom", "nb")}
    used = long("dpv:hasPurpose")
    assert set(shop.objects(own("process-sizing"), used)) == {sizing}
    assert set(shop.objects(own("process-fitting"), used)) == {fitting}


def test_a_titled_standard_purpose_leaves_the_vocabulary_as_it_is(shop: Graph) -> None:
    assert titles(shop, own("purpose-marketing")) == {
        Literal("Letters", "en"),
        Literal("Brev", "nb"),
    }
    said = {name for term in of_vocabularies(shop.subjects()) for name in shop.predicates(term)}
    assert said == {RDF.type}


@pytest.mark.parametrize(
    ("name", "concept", "text"),
    [
        ("data-1", "dpv:PersonalData", ("Orders", "Bestillinger")),
        ("data-subject-1", "dpv:DataSubject", ("Customers", "Kunder")),
        ("data-purpose-1", "dpv:Purpose", ("To deliver them", "For å levere dem")),
        ("task-counter", "dpv:Purpose", ("Counting", "Telling")),
        ("storage-1", "dpv:StorageCondition", ("Orders", "Bestillinger")),
        ("duration-1", "dpv:Duration", ("Five years", "Fem år")),
        ("safeguard-1", "dpv:TechnicalOrganisationalMeasure", ("Locks", "Låser")),
        ("right-1", "eu-gdpr:A15", ("Access", "Innsyn")),
        ("right-2", "dpv:DataSubjectRight", ("Exchange", "Bytte")),
    ],
)
def test_each_item_is_a_node_with_its_text_in_each_language(
    shop: Graph, name: str, concept: str, text: tuple[str, str]
) -> None:
    assert long(concept) in types(shop, own(name))
    assert titles(shop, own(name)) == {Literal(text[0], "en"), Literal(text[1], "nb")}


def test_a_service_has_a_type_and_a_recipient(shop: Graph) -> None:
    cart = own("service-cart")

    assert types(shop, cart) == {long("dpv:Service")}
    assert titles(shop, cart) == {Literal("Cart")}
    assert shop.value(cart, long("dpv:hasRecipient")) == own("recipient-everywhere")
    assert shop.value(own("process-necessary"), long("dpv:hasService")) == cart


def test_what_a_service_stores_is_there_and_for_how_long(shop: Graph) -> None:
    stored = {
        str(shop.value(each, DCTERMS.title)): shop.value(each, long("dpv:hasDuration"))
        for each in shop.objects(own("service-cart"), long("dpv:hasStorageCondition"))
    }
    lasting = {
        name: {str(text) for text in shop.objects(duration, DCTERMS.title)}
        for name, duration in stored.items()
    }
    assert lasting == {
        "cart": {"2 days", "2 dager"},
        "cart:* (localStorage)": {"until it is deleted", "til det slettes"},
    }


def test_places_are_the_vocabularys_where_it_has_them(shop: Graph) -> None:
    everywhere = own("recipient-everywhere")

    world, kosovo = own("location-001"), own("location-xk")
    found = set(shop.objects(everywhere, long("dpv:hasLocation")))
    assert found == {long("loc:NO"), long("loc:EU"), world, kosovo}
    assert titles(shop, world) == {Literal("world", "en"), Literal("verden", "nb")}
    assert shop.value(everywhere, long("dpv:hasJurisdiction")) == long("loc:US")


def test_consent_is_the_basis_of_all_but_what_is_necessary(shop: Graph) -> None:
    basis = long("dpv:hasLegalBasis")

    assert shop.value(own("process-analytics"), basis) == long("eu-gdpr:A6-1-a")
    assert shop.value(own("process-necessary"), basis) is None


def test_the_notice_names_its_version_and_who_is_behind_it(shop: Graph) -> None:
    page = URIRef(str(own("")).removesuffix("#"))

    assert types(shop, page) == {long("dpv:PrivacyNotice")}
    assert shop.value(page, OWL.versionInfo) == Literal("2")
    assert shop.value(page, DCTERMS.conformsTo) == URIRef("https://w3id.org/dpv/2.3")
    officer = shop.value(page, long("dpv:hasDataProtectionOfficer"))
    reached = set(shop.objects(officer, long("dpv:hasContact")))
    assert reached == {Literal("kari@shop.example"), Literal("+47 38 12 39 00")}


@pytest.mark.parametrize("path", ["/privacy/krukke/", SHOP])
def test_the_notice_links_to_it(client: FlaskClient, path: str) -> None:
    answer = client.get(f"{path}?lang=en")

    pages.check(answer, "en")
    link = f'<link rel="alternate" type="application/ld+json" href="{SHOP}.jsonld">'
    assert link in answer.get_data(as_text=True)
    assert client.get(f"{SHOP}.jsonld").content_type == "application/ld+json"


def test_the_addresses_of_the_docs_answer(client: FlaskClient) -> None:
    addresses = re.findall(r"(?m)^\| `(/privacy/\S+)`", DOCUMENT)

    assert f"{SHOP}.jsonld" in [filled(address) for address in addresses]
    assert {client.get(filled(address)).status_code for address in addresses} == {200}


def filled(address: str) -> str:
    return address.replace("<site>", "krukke").replace("<n>", "1")


def test_the_nodes_of_the_docs_are_there_with_those_types(shop: Graph) -> None:
    rows = re.findall(r"(?m)^\|[^|]+\| (`#[^|]+) \| ([^|]+) \|$", DOCUMENT)

    for ids, concepts in rows:
        nodes = [own(name) for name in re.findall(r"`#(.+?)`", keyed(ids))]
        said = {str(each) for node in nodes for each in types(shop, node)}
        assert all(types(shop, node) for node in nodes), ids
        assert {str(long(each)) for each in re.findall(r"`(\w+:\w+)`", concepts)} <= {
            *said,
            str(long("dpv:DataSubjectRight")),
        }
    assert len(rows) == 11


def keyed(ids: str) -> str:
    """The ids of what the shop has."""
    for kind, key in (("purpose", "sizing"), ("process", "sizing"), ("service", "cart")):
        ids = ids.replace(f"#{kind}-<key>", f"#{kind}-{key}")
    return ids.replace("<key>", "counter")


def test_the_query_of_the_docs_finds_who_receives_data(shop: Graph) -> None:
    found = re.search(r'query = """(.+?)"""', DOCUMENT, re.DOTALL)
    assert found

    rows = {tuple(map(str, row)) for row in shop.query(found[1])}
    assert ("Counter GmbH", str(long("loc:DE"))) in rows
