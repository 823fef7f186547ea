"""A notice in the W3C Data Privacy Vocabulary, version 2 (https://w3id.org/dpv), as JSON-LD."""

from datetime import datetime
from typing import Any

from consent.sitefile import NECESSARY, Contact, Processor, Purpose, SiteFile

CONTEXT = {
    "dpv": "https://w3id.org/dpv#",
    "eu-gdpr": "https://w3id.org/dpv/legal/eu/gdpr#",
    "dct": "http://purl.org/dc/terms/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
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


def document(site_file: SiteFile, address: str, published_at: datetime) -> Node:
    """The notice at `address` as one document."""
    processors = {each.key: _recipient(each) for each in site_file.processors}
    made: Node = {
        "@context": CONTEXT,
        "@id": address,
        "@type": "dpv:PrivacyNotice",
        "dct:title": site_file.site.name,
        "dct:language": site_file.site.languages,
        "dct:issued": {"@value": published_at.isoformat(), "@type": "xsd:dateTime"},
        "dct:description": _text(site_file.introduction),
        "dpv:hasDataController": {"@type": "dpv:DataController", **_contact(site_file.controller)},
        "dpv:hasProcess": [
            *(_process(site_file, each, processors) for each in site_file.purposes),
            *_data(site_file),
        ],
        "dpv:hasRecipient": [*processors.values()],
        "dpv:hasStorageCondition": [
            {
                "@type": "dpv:StorageDuration",
                "dct:subject": _text(each.what),
                "dpv:hasDuration": _text(each.period),
            }
            for each in site_file.retention
        ],
        "dpv:hasRight": [
            {
                "@type": RIGHTS.get(each.key, "dpv:DataSubjectRight"),
                "dct:title": _text(each.title),
                "dct:description": _text(each.text),
            }
            for each in site_file.rights
        ],
        "dpv:hasTechnicalOrganisationalMeasure": [
            {"dct:title": _text(each.title), "dct:description": _text(each.text)}
            for each in site_file.safeguards
        ],
    }
    if site_file.dpo:
        made["dpv:hasDataProtectionOfficer"] = {
            "@type": "dpv:DataProtectionOfficer",
            **_contact(site_file.dpo),
        }
    if site_file.authority:
        made["dpv:hasAuthority"] = {
            "@type": "dpv:DataProtectionAuthority",
            "dpv:hasName": site_file.authority.name,
            "dpv:hasContact": site_file.authority.address,
        }
    return made


def _text(text: dict[str, str]) -> list[Node]:
    return [{"@language": language, "@value": value} for language, value in text.items()]


def _contact(who: Contact) -> Node:
    found = {"dpv:hasName": who.name, "dpv:hasContact": who.email, "dpv:hasAddress": who.address}
    return {name: value for name, value in found.items() if value}


def _recipient(processor: Processor) -> Node:
    return {
        "@id": f"#processor-{processor.key}",
        "@type": "dpv:DataProcessor",
        "dpv:hasName": processor.name,
        "dpv:hasLocation": processor.countries,
        **({"dpv:hasJurisdiction": processor.seat} if processor.seat else {}),
        "dct:description": _text(processor.note),
        "dpv:hasPurpose": _text(processor.task),
    }


def _process(site_file: SiteFile, purpose: Purpose, processors: dict[str, Node]) -> Node:
    """What happens in the browser for a purpose."""
    services = site_file.services_of(purpose.key)
    basis = {"dpv:hasLegalBasis": {"@id": "eu-gdpr:A6-1-a"}} if purpose.key != NECESSARY else {}
    named = {"dct:title": _text(purpose.title)} if purpose.title else {}
    receiving = dict.fromkeys(each.processor for each in services)
    return {
        "@id": f"#purpose-{purpose.key}",
        "@type": "dpv:Process",
        "dpv:hasPurpose": {"@id": PURPOSES.get(purpose.key, "dpv:Purpose"), **named},
        **basis,
        "dpv:hasRecipient": [{"@id": processors[key]["@id"]} for key in receiving],
        "dpv:hasService": [
            {"dct:title": each.name, "dct:description": _text(each.description)}
            for each in services
        ],
    }


def _data(site_file: SiteFile) -> list[Node]:
    return [
        {
            "@type": "dpv:Process",
            "dpv:hasPersonalData": _text(each.what),
            "dpv:hasDataSubject": _text(each.whose),
            "dpv:hasPurpose": _text(each.why),
        }
        for each in site_file.data
    ]
