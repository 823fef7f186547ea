"""A version of a notice in the W3C Data Privacy Vocabulary (https://w3id.org/dpv), as JSON-LD 1.1.

The document says the same wherever it is read. Ids are absolute, since a reader that is handed the
text alone knows no address to resolve them against: one drops such statements, one makes up an
address, one takes its own folder. The context lies within, so that nothing is fetched to read it.
Each item is a node with an id and a type, and no blank node is left, so that two readings can be
compared line by line. `dpv_terms.py` says where each term is from.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from consent.core import i18n
from consent.notice import dpv_terms, rendering
from consent.site.schema import NECESSARY, Authority, Contact, Processor, Purpose, Service, SiteFile

# The concept of each standard purpose. `necessary` is what needs no consent because the service could not be
# provided without it (ePrivacy Directive, article 5(3)): provision in the narrow sense that DPV 2.3 gives it.
PURPOSES = {
    NECESSARY: "dpv:ServiceProvision",
    "preferences": "dpv:ServicePersonalisation",
    "analytics": "dpv:ServiceUsageAnalytics",
    "marketing": "dpv:Marketing",
}
# By the key that a site file gives them, where it is one of the usual.
RIGHTS = {
    "access": "eu-gdpr:A15",
    "rectification": "eu-gdpr:A16",
    "erasure": "eu-gdpr:A17",
    "deletion": "eu-gdpr:A17",
    "restriction": "eu-gdpr:A18",
    "portability": "eu-gdpr:A20",
    "objection": "eu-gdpr:A21",
    "withdraw": "eu-gdpr:A7-3",
    "complaint": "eu-gdpr:A77",
}

Node = dict[str, Any]


def document(site_file: SiteFile, number: int, address: str, published_at: datetime) -> Node:
    """Version `number` of the site's notice.

    `address` is the absolute URL of that version's page, without a fragment: the notice's id, and before `#` in the
    id of all that the notice speaks of. `published_at` is in UTC. Every text is there in each of the site's languages.
    """
    made: Node = {
        "@context": dpv_terms.NAMESPACES,
        **_node(address, "dpv:PrivacyNotice"),
        "dct:conformsTo": _node(dpv_terms.VERSION, "dct:Standard"),
        "dct:title": site_file.site.name,
        "dct:language": site_file.site.languages,
        "dct:issued": {"@value": published_at.isoformat(), "@type": "xsd:dateTime"},
        "dct:description": _text(site_file.introduction),
        "owl:versionInfo": str(number),
        "dpv:hasDataController": _contact(
            f"{address}#controller", "dpv:DataController", site_file.controller
        ),
        "dpv:hasProcess": [
            *(_process(site_file, each, address) for each in _purposes(site_file)),
            *_data(site_file, address),
        ],
        "dpv:hasRecipient": [_recipient(each, site_file, address) for each in site_file.processors],
        "dpv:hasStorageCondition": _retention(site_file, address),
        "dpv:hasRight": [
            {
                **_node(f"{address}#right-{place}", "dpv:Right", _right(each.key)),
                "dct:title": _text(each.title),
                "dct:description": _text(each.text),
            }
            for place, each in enumerate(site_file.rights, 1)
        ],
        "dpv:hasTechnicalOrganisationalMeasure": [
            {
                **_node(f"{address}#safeguard-{place}", "dpv:TechnicalOrganisationalMeasure"),
                "dct:title": _text(each.title),
                "dct:description": _text(each.text),
            }
            for place, each in enumerate(site_file.safeguards, 1)
        ],
    }
    if site_file.dpo:
        made["dpv:hasDataProtectionOfficer"] = _contact(
            f"{address}#dpo", "dpv:DataProtectionOfficer", site_file.dpo
        )
    if site_file.authority:
        made["dpv:hasAuthority"] = _authority(site_file.authority, address)
    return made


def _node(address: str, *types: str) -> Node:
    return {"@id": address, "@type": list(types)}


def _text(text: dict[str, str]) -> list[Node]:
    return [{"@language": language, "@value": value} for language, value in text.items()]


def _titled(address: str, concept: str, text: dict[str, str]) -> Node:
    """An item of which the site file says no more than a text."""
    return {**_node(address, concept), "dct:title": _text(text)}


def _contact(address: str, concept: str, who: Contact) -> Node:
    reached = [each for each in (who.email, who.phone) if each]
    return {
        **_node(address, concept),
        "dpv:hasName": who.name,
        "dpv:hasContact": reached,
        **({"dpv:hasAddress": who.address} if who.address else {}),
    }


def _authority(authority: Authority, address: str) -> Node:
    return {
        **_node(f"{address}#authority", "dpv:Authority", "dpv:DataProtectionAuthority"),
        "dpv:hasName": authority.name,
        "dpv:hasContact": authority.address,
        "dct:description": _text(authority.text),
    }


def _recipient(processor: Processor, site_file: SiteFile, address: str) -> Node:
    """A recipient, not a processor: a site file lists both, and does not say which is which."""
    seat = [processor.seat] if processor.seat else []
    return {
        **_node(f"{address}#recipient-{processor.key}", "dpv:Recipient"),
        "dpv:hasName": processor.name,
        "dpv:hasLocation": [_location(each, site_file, address) for each in processor.countries],
        "dpv:hasJurisdiction": [_location(each, site_file, address) for each in seat],
        "dct:description": _text(processor.note),
        "dpv:hasPurpose": _titled(f"{address}#task-{processor.key}", "dpv:Purpose", processor.task),
    }


def _location(code: str, site_file: SiteFile, address: str) -> Node:
    """A country or union of the vocabulary's, or one of the notice's own for a code that it lacks, such as 001."""
    if code in dpv_terms.COUNTRIES:
        return _node(f"loc:{code}", "dpv:Location", "dpv:Country")
    if code in dpv_terms.UNIONS:
        return _node(f"loc:{code}", "dpv:Location", "dpv:SupraNationalUnion")
    names = {language: i18n.country_in(code, language) for language in site_file.site.languages}
    own = _titled(f"{address}#location-{code.lower()}", "dpv:Location", names)
    return {**own, "dct:identifier": code}


def _purposes(site_file: SiteFile) -> Iterable[Purpose]:
    """Those of the file, and `necessary` where the file leaves it out and yet has services for it."""
    if all(each.key != NECESSARY for each in site_file.purposes) and site_file.services_of(
        NECESSARY
    ):
        yield Purpose(key=NECESSARY)
    yield from site_file.purposes


def _process(site_file: SiteFile, purpose: Purpose, address: str) -> Node:
    """What happens in the browser for a purpose."""
    services = site_file.services_of(purpose.key)
    consent = {"dpv:hasLegalBasis": _node("eu-gdpr:A6-1-a", "dpv:LegalBasis")}
    return {
        **_node(f"{address}#process-{purpose.key}", "dpv:Process"),
        "dpv:hasPurpose": _purpose(purpose, address),
        **(consent if purpose.key != NECESSARY else {}),
        "dpv:hasRecipient": [
            {"@id": f"{address}#recipient-{key}"}
            for key in dict.fromkeys(each.processor for each in services)
        ],
        "dpv:hasService": [
            {
                **_node(f"{address}#service-{each.key}", "dpv:Service"),
                "dct:title": each.name,
                "dct:description": _text(each.description),
                "dpv:hasRecipient": {"@id": f"{address}#recipient-{each.processor}"},
                "dpv:hasStorageCondition": _stored(
                    each, site_file.site.languages, f"{address}#service-{each.key}"
                ),
            }
            for each in services
        ],
    }


def _stored(service: Service, languages: list[str], address: str) -> list[Node]:
    """What the service stores in the browser, and for how long."""
    in_languages = [rendering.stored_by(service, language) for language in languages]
    return [
        {
            **_node(f"{address}-stored-{place}", "dpv:StorageCondition"),
            "dct:title": f"{texts[0].name} ({texts[0].kind})" if texts[0].kind else texts[0].name,
            "dct:description": _text(_by(languages, [each.use for each in texts])),
            "dpv:hasDuration": {
                **_node(f"{address}-duration-{place}", "dpv:Duration", "dpv:StorageDuration"),
                "dct:title": _text(_by(languages, [each.lifetime for each in texts])),
            },
        }
        for place, texts in enumerate(zip(*in_languages, strict=True), 1)
    ]


def _by(languages: list[str], texts: list[str]) -> dict[str, str]:
    return dict(zip(languages, texts, strict=True))


def _purpose(purpose: Purpose, address: str) -> Node:
    """A node of the site's own. What is said of it is not said of the vocabulary's concept, which all sites share."""
    concept = PURPOSES.get(purpose.key)
    said = {"dct:title": purpose.title, "dct:description": purpose.description}
    return {
        **_node(f"{address}#purpose-{purpose.key}", "dpv:Purpose", *([concept] if concept else [])),
        **{name: _text(text) for name, text in said.items() if text},
    }


def _data(site_file: SiteFile, address: str) -> list[Node]:
    """The kinds of data, each in a process with those whom they are about and what they are for."""
    return [
        {
            **_node(f"{address}#data-process-{place}", "dpv:Process"),
            "dpv:hasPersonalData": _titled(
                f"{address}#data-{place}", "dpv:PersonalData", each.what
            ),
            "dpv:hasDataSubject": _titled(
                f"{address}#data-subject-{place}", "dpv:DataSubject", each.whose
            ),
            "dpv:hasPurpose": _titled(f"{address}#data-purpose-{place}", "dpv:Purpose", each.why),
            **({"dct:description": _text(each.note)} if each.note else {}),
        }
        for place, each in enumerate(site_file.data, 1)
    ]


def _retention(site_file: SiteFile, address: str) -> list[Node]:
    """What is stored, and for how long."""
    return [
        {
            **_titled(f"{address}#storage-{place}", "dpv:StorageCondition", each.what),
            "dpv:hasDuration": {
                **_node(f"{address}#duration-{place}", "dpv:Duration", "dpv:StorageDuration"),
                "dct:title": _text(each.period),
            },
        }
        for place, each in enumerate(site_file.retention, 1)
    ]


def _right(key: str) -> str:
    return RIGHTS.get(key, "dpv:DataSubjectRight")
