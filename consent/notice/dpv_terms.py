"""The terms that the JSON-LD export of a notice uses, and what their vocabularies say of them.

Source of `dpv`, `eu-gdpr` and `loc`: the Turtle files of the Data Privacy Vocabulary 2.3
(https://w3id.org/dpv/2.3, modified 2026-02-25; `2.3/dpv/dpv.ttl`, `2.3/legal/eu/gdpr/eu-gdpr.ttl`
and `2.3/loc/loc.ttl` of https://github.com/w3c/dpv at commit f01a55c3c), read on 2026-11-28.
Source of `dct`: DCMI Metadata Terms of 2020-01-20. Source of `owl`: OWL 2 of 2012-12-11.

In DPV each concept is a class and an instance of the concept it belongs to: `dpv:Marketing` is a
`dpv:Purpose`, but not a subclass of it. So whatever is an instance of a narrower concept has to say
that it is one of the wider too. Version 2.3 broke with 2.2 in one place: `dpv:ServiceManagement`
is new above `dpv:ServiceProvision`, which is now no more than providing the service, while
`dpv:ServicePersonalisation` and `dpv:ServiceUsageAnalytics` no longer lie below it.
"""

from typing import NamedTuple

VERSION = "https://w3id.org/dpv/2.3"
NAMESPACES = {
    "dpv": "https://w3id.org/dpv#",
    "eu-gdpr": "https://w3id.org/dpv/legal/eu/gdpr#",
    "loc": "https://w3id.org/dpv/loc#",
    "dct": "http://purl.org/dc/terms/",
    "owl": "http://www.w3.org/2002/07/owl#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}


class Concept(NamedTuple):
    # The concept of DPV that it is an instance of (`rdf:type`). Empty: of none, it is only a class.
    type: str = ""
    # `skos:broader`, in the order of the vocabulary's file.
    parents: tuple[str, ...] = ()


class Property(NamedTuple):
    # What its values are instances of (`schema:rangeIncludes`; in `dct` `rdfs:range`). Empty: its values are texts.
    range: str = ""
    # `skos:broader`.
    parents: tuple[str, ...] = ()


CONCEPTS = {
    "dct:Standard": Concept(),
    "dpv:Authority": Concept("", ("dpv:GovernmentalOrganisation",)),
    "dpv:Country": Concept("", ("dpv:Jurisdiction",)),
    "dpv:DataController": Concept("", ("dpv:LegalEntity",)),
    "dpv:DataProtectionAuthority": Concept("", ("dpv:Authority",)),
    "dpv:DataProtectionOfficer": Concept("", ("dpv:Representative",)),
    "dpv:DataSubject": Concept("", ("dpv:HumanSubject",)),
    "dpv:DataSubjectRight": Concept("dpv:Right", ("dpv:Right",)),
    "dpv:Duration": Concept("", ("dpv:Context",)),
    "dpv:LegalBasis": Concept(),
    "dpv:Location": Concept(),
    "dpv:Marketing": Concept("dpv:Purpose", ("dpv:Purpose",)),
    "dpv:PersonalData": Concept("", ("dpv:Data",)),
    "dpv:PrivacyNotice": Concept("dpv:OrganisationalMeasure", ("dpv:Notice",)),
    "dpv:Process": Concept(),
    "dpv:Purpose": Concept(),
    "dpv:Recipient": Concept("", ("dpv:LegalEntity",)),
    "dpv:Right": Concept(),
    "dpv:Service": Concept("", ("dpv:Process",)),
    "dpv:ServicePersonalisation": Concept(
        "dpv:Purpose", ("dpv:Personalisation", "dpv:ServiceManagement")
    ),
    "dpv:ServiceProvision": Concept("dpv:Purpose", ("dpv:ServiceManagement",)),
    "dpv:ServiceUsageAnalytics": Concept("dpv:Purpose", ("dpv:ServiceMonitoring",)),
    "dpv:StorageCondition": Concept("", ("dpv:ProcessingCondition",)),
    "dpv:StorageDuration": Concept("", ("dpv:ProcessingDuration", "dpv:StorageCondition")),
    "dpv:SupraNationalUnion": Concept("", ("dpv:Jurisdiction",)),
    "dpv:TechnicalOrganisationalMeasure": Concept(),
    "eu-gdpr:A6-1-a": Concept("dpv:LegalBasis", ("dpv:ExpressedConsent", "eu-gdpr:Consent")),
    "eu-gdpr:A7-3": Concept("dpv:Right", ("dpv:DataSubjectRight",)),
    "eu-gdpr:A15": Concept("dpv:Right", ("dpv:DataSubjectRight",)),
    "eu-gdpr:A16": Concept("dpv:Right", ("dpv:DataSubjectRight",)),
    "eu-gdpr:A17": Concept("dpv:Right", ("dpv:DataSubjectRight",)),
    "eu-gdpr:A18": Concept("dpv:Right", ("dpv:DataSubjectRight",)),
    "eu-gdpr:A20": Concept("dpv:Right", ("dpv:DataSubjectRight",)),
    "eu-gdpr:A21": Concept("dpv:Right", ("dpv:DataSubjectRight",)),
    "eu-gdpr:A77": Concept("dpv:Right", ("dpv:DataSubjectRight",)),
}
PROPERTIES = {
    "dct:conformsTo": Property("dct:Standard"),
    "dct:description": Property(),
    "dct:identifier": Property(),
    "dct:issued": Property(),
    "dct:language": Property(),
    "dct:title": Property(),
    "dpv:hasAddress": Property(),
    "dpv:hasAuthority": Property("dpv:Authority"),
    "dpv:hasContact": Property(),
    "dpv:hasDataController": Property("dpv:DataController", ("dpv:hasEntity",)),
    "dpv:hasDataProtectionOfficer": Property(
        "dpv:DataProtectionOfficer", ("dpv:hasRepresentative",)
    ),
    "dpv:hasDataSubject": Property("dpv:DataSubject", ("dpv:hasHumanSubject",)),
    "dpv:hasDuration": Property("dpv:Duration"),
    "dpv:hasJurisdiction": Property("dpv:Location"),
    "dpv:hasLegalBasis": Property("dpv:LegalBasis"),
    "dpv:hasLocation": Property("dpv:Location"),
    "dpv:hasName": Property(),
    "dpv:hasPersonalData": Property("dpv:PersonalData", ("dpv:hasData",)),
    "dpv:hasProcess": Property("dpv:Process"),
    "dpv:hasPurpose": Property("dpv:Purpose"),
    "dpv:hasRecipient": Property("dpv:Recipient", ("dpv:hasEntity",)),
    "dpv:hasRight": Property("dpv:Right"),
    "dpv:hasService": Property("dpv:Service"),
    "dpv:hasStorageCondition": Property("dpv:StorageCondition", ("dpv:hasProcessingCondition",)),
    "dpv:hasTechnicalOrganisationalMeasure": Property("dpv:TechnicalOrganisationalMeasure"),
    "owl:versionInfo": Property(),
}

# What `loc` has by the code of a site file: an instance of `dpv:Country` each, those of ISO 3166-1.
_CODES = """
AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR
BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ
EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW
GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY
KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV
MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY
QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG
TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM
ZW
"""
COUNTRIES = frozenset(_CODES.split())
# The same, an instance of `dpv:SupraNationalUnion` each.
UNIONS = frozenset({"EU"})
