"""The elements of CAP 1.2 as data: where each stands, how often, and what it may hold. Pure.

Own reading of OASIS Common Alerting Protocol Version 1.2 (1 July 2010), section 3.2 (the data
dictionary), 3.3 (implementation notes) and 3.4 (the schema, which fixes the order of elements).
A rule's number is the section, then the element, then what is asked of it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"
OLDER = ("urn:oasis:names:tc:emergency:cap:1.1", "http://www.incident.com/cap/1.0")
SIGNATURE = "http://www.w3.org/2000/09/xmldsig#"
MANY = 10_000

STATUS = ("Actual", "Exercise", "System", "Test", "Draft")
MSG_TYPE = ("Alert", "Update", "Cancel", "Ack", "Error")
SCOPE = ("Public", "Restricted", "Private")
CATEGORY = ("Geo", "Met", "Safety", "Security", "Rescue", "Fire", "Health", "Env", "Transport",
            "Infra", "CBRNE", "Other")  # fmt: skip
RESPONSE = ("Shelter", "Evacuate", "Prepare", "Execute", "Avoid", "Monitor", "Assess",
            "AllClear", "None")  # fmt: skip
URGENCY = ("Immediate", "Expected", "Future", "Past", "Unknown")
SEVERITY = ("Extreme", "Severe", "Moderate", "Minor", "Unknown")
CERTAINTY = ("Observed", "Likely", "Possible", "Unlikely", "Unknown")

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[-+]\d\d:\d\d\Z", re.ASCII)
NAME = re.compile(r"[^\s,<&]+\Z")
LANGUAGE = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*\Z", re.ASCII)
URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+\Z", re.ASCII)
MIME = re.compile(r"[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+(\s*;.*)?\Z", re.ASCII)
WHOLE = re.compile(r"[+-]?\d{1,18}\Z", re.ASCII)
DECIMAL = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)\Z", re.ASCII)
SHA1 = re.compile(r"[0-9A-Fa-f]{40}\Z", re.ASCII)
BASE64 = re.compile(r"[A-Za-z0-9+/\s]*={0,2}\s*\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Holds:
    """An element of a block. least, most: how often. kind: what its text must be.

    kind: words, name, moment, one_of, uri, uri_ref, language, whole, decimal, mime, sha1, base64,
    polygon, circle, references, addresses, any, pair or block.
    """

    name: str
    least: int
    most: int
    kind: str
    values: tuple[str, ...] = ()


ALERT = (
    Holds("identifier", 1, 1, "name"),
    Holds("sender", 1, 1, "name"),
    Holds("sent", 1, 1, "moment"),
    Holds("status", 1, 1, "one_of", STATUS),
    Holds("msgType", 1, 1, "one_of", MSG_TYPE),
    Holds("source", 0, 1, "words"),
    Holds("scope", 1, 1, "one_of", SCOPE),
    Holds("restriction", 0, 1, "words"),
    Holds("addresses", 0, 1, "addresses"),
    Holds("code", 0, MANY, "words"),
    Holds("note", 0, 1, "words"),
    Holds("references", 0, 1, "references"),
    Holds("incidents", 0, 1, "addresses"),
    Holds("info", 0, MANY, "block"),
)
INFO = (
    Holds("language", 0, 1, "language"),
    Holds("category", 1, MANY, "one_of", CATEGORY),
    Holds("event", 1, 1, "words"),
    Holds("responseType", 0, MANY, "one_of", RESPONSE),
    Holds("urgency", 1, 1, "one_of", URGENCY),
    Holds("severity", 1, 1, "one_of", SEVERITY),
    Holds("certainty", 1, 1, "one_of", CERTAINTY),
    Holds("audience", 0, 1, "words"),
    Holds("eventCode", 0, MANY, "pair"),
    Holds("effective", 0, 1, "moment"),
    Holds("onset", 0, 1, "moment"),
    Holds("expires", 0, 1, "moment"),
    Holds("senderName", 0, 1, "words"),
    Holds("headline", 0, 1, "words"),
    Holds("description", 0, 1, "words"),
    Holds("instruction", 0, 1, "words"),
    Holds("web", 0, 1, "uri"),
    Holds("contact", 0, 1, "words"),
    Holds("parameter", 0, MANY, "pair"),
    Holds("resource", 0, MANY, "block"),
    Holds("area", 0, MANY, "block"),
)
RESOURCE = (
    Holds("resourceDesc", 1, 1, "words"),
    Holds("mimeType", 1, 1, "mime"),
    Holds("size", 0, 1, "whole"),
    Holds("uri", 0, 1, "uri_ref"),
    Holds("derefUri", 0, 1, "base64"),
    Holds("digest", 0, 1, "sha1"),
)
AREA = (
    Holds("areaDesc", 1, 1, "words"),
    Holds("polygon", 0, MANY, "polygon"),
    Holds("circle", 0, MANY, "circle"),
    Holds("geocode", 0, MANY, "pair"),
    Holds("altitude", 0, 1, "decimal"),
    Holds("ceiling", 0, 1, "decimal"),
)
PAIR = (Holds("valueName", 1, 1, "words"), Holds("value", 1, 1, "any"))
BLOCKS = {"alert": ALERT, "info": INFO, "resource": RESOURCE, "area": AREA,
          "eventCode": PAIR, "parameter": PAIR, "geocode": PAIR}  # fmt: skip
SECTIONS = {"alert": "3.2.1", "info": "3.2.2", "resource": "3.2.3", "area": "3.2.4",
            "eventCode": "3.2.2", "parameter": "3.2.2", "geocode": "3.2.4"}  # fmt: skip
