"""E-mail addresses, as mail servers take them."""

import re
from email import message_from_bytes
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP

from consent.core.errors import Invalid

# What stands before the @, without quotes (RFC 5321, section 4.1.2, Dot-string).
ADDRESS = re.compile(r"[\w!#$%&'*+/=?^`{|}~-]+(\.[\w!#$%&'*+/=?^`{|}~-]+)*", re.ASCII)
# What stands after it: a host's name (RFC 1123, section 2.1) with a dot in it, and no number at its end.
DOMAIN = re.compile(
    r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?!\d+$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?",
    re.ASCII | re.IGNORECASE,
)
# Characters of an address.
LONGEST = 254


def address(text: str, name: str = "") -> Address:
    """An e-mail address as mail servers take it: ASCII, with the domain in its encoded form. Raises Invalid.

    Python's codec for domains lets all ASCII through, and its headers fold what they do not understand. So only what
    cannot mean anything else in a header is taken, and has to come back the same from a message.
    """
    local, _, domain = text.strip().rpartition("@")
    try:
        host = domain.encode("idna").decode()
        if not (ADDRESS.fullmatch(local) and DOMAIN.fullmatch(host)):
            raise ValueError
        made = Address(" ".join(name.split()), username=local, domain=host)
        if len(made.addr_spec) > LONGEST or not _comes_back(made):
            raise ValueError
    except (ValueError, HeaderParseError):
        raise Invalid(f"{text!r} is no e-mail address that we can write to.") from None
    return made


def _comes_back(made: Address) -> bool:
    """Whether it is the same, and the only one, in a message that has been written and read again."""
    sent = EmailMessage()
    sent["To"] = made
    read = message_from_bytes(sent.as_bytes(policy=SMTP), policy=SMTP)
    return read.keys() == ["To"] and [each.addr_spec for each in read["To"].addresses] == [
        made.addr_spec
    ]
