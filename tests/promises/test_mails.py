"""Nobody but this program writes the headers of its mails."""

from email import message_from_bytes
from email.policy import SMTP

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from consent.core import emails, mail
from consent.core.errors import Invalid

HEADERS = [
    "From",
    "Subject",
    "Auto-Submitted",
    "Content-Type",
    "Content-Transfer-Encoding",
    "MIME-Version",
    "To",
]
# What somebody types who knows how headers are written.
PIECES = st.sampled_from(
    (
        *("a", "no", ".", "@", ",", ";", ":", "<", ">", "(", ")", '"', "\\", " ", "\t", "\r", "\n"),
        *(
            "=?utf-8?q?a?=",
            "\x85",
            "\u2028",
            "\0",
            "ø",
            "xn--",
            "-",
            "_",
            "[",
            "]",
            "Bcc: ",
            "\r\n ",
        ),
    )
)
TYPED = st.lists(PIECES, max_size=12).map("".join) | st.text(max_size=30)
ADDRESSES = TYPED | st.tuples(TYPED, TYPED).map("@".join)


def sent(to: str, name: str, subject: str, text: str) -> bytes:
    sender = emails.address("post@example.no", name)
    return mail.addressed(mail.message(sender, subject, text), to).as_bytes(policy=SMTP)


@given(ADDRESSES, TYPED, TYPED, TYPED)
@example("a@b.no\r\nBcc: c@d.no", "", "", "")
@example("a@b.no", "Krukke\x85Bcc: c@d.no", "Hei\u2028Bcc: c@d.no", "\r\nBcc: c@d.no")
def test_each_header_is_there_once_and_no_other(
    to: str, name: str, subject: str, text: str
) -> None:
    try:
        read = message_from_bytes(sent(to, name, subject, text), policy=SMTP)
    except Invalid:
        return
    assert sorted(read.keys()) == sorted(HEADERS)
    (found,) = read["To"].addresses
    assert found.addr_spec == emails.address(to).addr_spec
    assert [each.addr_spec for each in read["From"].addresses] == ["post@example.no"]
    assert not read.is_multipart()


@pytest.mark.parametrize(
    "address",
    [
        "a@b.no,c@d.no",
        "a@b.no>,<c@d.no",
        "a@b.no (somebody)",
        "a@b(comment).no",
        "a@b.no\r\nBcc: c@d.no",
        "a@b .no",
        "a@[192.0.2.1]",
        "a@192.0.2.1",
        "a@=?utf-8?q?b?=.no",
        "a@-b.no",
        '"a b"@c.no',
    ],
)
def test_an_address_that_means_something_else_in_a_header_is_refused(address: str) -> None:
    with pytest.raises(Invalid):
        emails.address(address)


@pytest.mark.parametrize(
    ("typed", "taken"),
    [
        ("kari@example.no", "kari@example.no"),
        (" kari+avis@post.example.no ", "kari+avis@post.example.no"),
        ("kari@blåbær.no", "kari@xn--blbr-roah.no"),
        ("o'neill@example.co.uk", "o'neill@example.co.uk"),
        ("a=b@example.museum", "a=b@example.museum"),
    ],
)
def test_other_addresses_are_taken(typed: str, taken: str) -> None:
    assert emails.address(typed).addr_spec == taken
