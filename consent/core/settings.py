"""Every setting of the server: its name, default, meaning, and how its text is read.

The one module that reads `os.environ`. A setting `public_url` is the variable `CONSENT_PUBLIC_URL`;
`CONSENT_PUBLIC_URL_FILE` may name a file that holds the value instead, as container secrets do.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from consent.core import extras

PREFIX = "CONSENT_"
# Different characters that a secret key has at the least. One at random has more than twenty.
VARIETY = 10
# Seconds. A database that has not answered for so long is taken for one that does not answer.
DATABASE_PATIENCE = 10
MAKE_A_KEY = "make one with `python3 -c 'import secrets; print(secrets.token_urlsafe(32))'`"


class SettingError(Exception):
    """A setting that cannot be used; its text names the variable and the mend."""


def text(value: str) -> str:
    return value.strip()


def number(value: str) -> int:
    try:
        found = int(value)
    except ValueError:
        raise ValueError(f"{value!r} is not a whole number") from None
    if found < 0:
        raise ValueError(f"{found} is too small; use 0 or more")
    return found


def positive(value: str) -> int:
    found = number(value)
    if found < 1:
        raise ValueError(f"{found} is too small; use 1 or more")
    return found


def port_number(value: str) -> int:
    found = number(value)
    if not 0 < found < 65536:
        raise ValueError(f"{found} is not a port; use 1 to 65535")
    return found


def keys(value: str) -> tuple[str, ...]:
    found = tuple(part for part in value.replace(",", " ").split() if part)
    if any(len(key) < 32 for key in found):
        raise ValueError(f"each key needs at least 32 characters; {MAKE_A_KEY}")
    if any(len(set(key)) < VARIETY for key in found):
        raise ValueError(f"each key needs at least {VARIETY} different characters; {MAKE_A_KEY}")
    return found


def names(value: str) -> tuple[str, ...]:
    return tuple(part.lower().rstrip(".") for part in value.replace(",", " ").split())


def url(value: str) -> str:
    value = value.strip().rstrip("/")
    if value and not value.startswith(("http://", "https://")):
        raise ValueError(
            f"{value!r} is not a full address; write it like https://consent.example.no"
        )
    return value


def contact(value: str) -> str:
    value = value.strip()
    if value and not value.startswith(("mailto:", "https://")):
        raise ValueError(
            f"{value!r} is not a contact address; write mailto:security@example.no or https://…"
        )
    return value


def database_url(value: str) -> str:
    value = value.strip()
    for written in ("postgres://", "postgresql://"):
        if value.startswith(written):
            return f"postgresql+psycopg://{value.removeprefix(written)}"
    return value


def setting(default: Any, parse: Callable[[str], Any], meaning: str) -> Any:
    return field(default=default, metadata={"parse": parse, "meaning": meaning})


@dataclass(frozen=True)
class Settings:
    secret_keys: tuple[str, ...] = setting(
        (),
        keys,
        "Keys that sign visitors' tokens and members' sessions, newest first, separated by commas. Required. To "
        "rotate keys, add the new one in front; remove an old one to invalidate what it signed.",
    )
    database: str = setting(
        "sqlite:///consent.db",
        database_url,
        "URL of the database, such as postgresql://user:password@host/name. A relative SQLite path starts in "
        "`var/consent-instance` of the virtual environment, or in `instance` of an editable checkout.",
    )
    hits_folder: str = setting(
        "",
        text,
        "Folder for page views on their way to the database. They stay there for some tenths of a second, and while "
        "the database is away. Use one for all processes of a machine. Empty: beside the SQLite file, or "
        "`consent-hits-…` in the working folder.",
    )
    public_url: str = setting(
        "",
        url,
        "Address at which visitors reach this server. Empty: taken from each request.",
    )
    smtp_url: str = setting(
        "",
        text,
        "The mail server: smtp://user:password@host:587, or smtps:// for TLS from the start. Empty: no e-mail is sent.",
    )
    mail_from: str = setting("", text, "Address that e-mails are sent from.")
    oidc_issuer: str = setting(
        "",
        url,
        "The OpenID Connect provider where members may log in, by its issuer address, such as "
        "https://login.example.no. Empty: members log in with a password only.",
    )
    oidc_client_id: str = setting("", text, "This server's client id at the provider.")
    oidc_client_secret: str = setting("", text, "This server's client secret at the provider.")
    oidc_name: str = setting(
        "", text, "The provider's name on the login button. Empty: its host name."
    )
    trusted_proxies: int = setting(
        0,
        number,
        "Number of trusted proxies in front of this server, whose X-Forwarded-For, -Proto and -Host headers are used.",
    )
    hsts: str = setting(
        "max-age=31536000",
        text,
        "The Strict-Transport-Security header of responses over https. Empty: no header, for servers whose proxy sets "
        "it.",
    )
    embed_limit: int = setting(
        1200,
        number,
        "Page views and decisions that each process accepts from one address (IPv6: one /64) in a minute. 0: no "
        "limit.",
    )
    view_limit: int = setting(
        3,
        number,
        "Views of one page that each process counts from one address (IPv6: one /64) in an hour, so that one person "
        "cannot look like many. 0: no limit.",
    )
    security_contact: str = setting(
        "",
        contact,
        "Contact for security reports, mailto:… or https://…. If set, the server publishes /.well-known/security.txt.",
    )
    inside_hosts: tuple[str, ...] = setting(
        (),
        names,
        "Hosts and addresses in the server's own network that webhooks, the installation check, the reading of "
        "sitemaps and OpenID Connect may reach, separated by commas. Public addresses are always allowed.",
    )
    isp_database: str = setting(
        "",
        text,
        "An MMDB file (ISP or ASN: MaxMind, DB-IP, IPinfo, ip-location-db) with the names of visitors' networks. A "
        "changed file is read within a minute. Empty: networks are not counted.",
    )
    country_database: str = setting(
        "",
        text,
        "An MMDB file (Country or City: MaxMind, DB-IP, IPinfo, ip-location-db) with the countries of visitors' "
        "addresses. A changed file is read within a minute. Empty: countries are not counted.",
    )
    htmx_url: str = setting(
        "",
        text,
        "A self-hosted copy of htmx 4 for the dashboard. Empty: htmx's CDN, with an integrity hash.",
    )
    host: str = setting("127.0.0.1", text, "Address on which `consent serve` listens.")
    port: int = setting(8080, port_number, "Port on which `consent serve` listens.")
    workers: int = setting(
        0, number, "Number of processes of `consent serve`. 0: one for each core, at most four."
    )
    threads: int = setting(
        16,
        positive,
        "Number of threads for pages in each process: for everything except scripts, decisions and page views.",
    )
    connections: int = setting(
        4000,
        positive,
        "Number of connections that each process of `consent serve` keeps open, as far as the system allows that many "
        "files. Further connections get 503.",
    )
    request_deadline: int = setting(
        20,
        positive,
        "Seconds in which a whole request must arrive at `consent serve`, headers and body.",
    )
    response_deadline: int = setting(
        300,
        positive,
        "Seconds in which a client must read the whole response of `consent serve`.",
    )

    @property
    def is_https(self) -> bool:
        """Whether people reach the server over https, as far as it was told."""
        return self.public_url.startswith("https://")


def variable(name: str) -> str:
    return PREFIX + name.upper()


def read(environ: Mapping[str, str] = os.environ, **overrides: Any) -> Settings:
    """The settings as the environment has them; `overrides` win.

    Raises SettingError, which names the variable and what is wrong with it.
    """
    values: dict[str, Any] = {}
    for each in fields(Settings):
        raw = _raw(environ, variable(each.name))
        if raw is None:
            continue
        try:
            values[each.name] = each.metadata["parse"](raw)
        except ValueError as error:
            raise SettingError(f"{variable(each.name)}: {error}.") from None
    unknown = [
        name
        for name in environ
        if name.startswith(PREFIX)
        and name.removesuffix("_FILE") not in {variable(each.name) for each in fields(Settings)}
        and not name.startswith(PREFIX + "TEST_")
    ]
    if unknown:
        raise SettingError(
            f"{', '.join(sorted(unknown))}: no such setting. docs/settings.md lists them all."
        )
    settings = Settings(**{**values, **overrides})
    settings = replace(settings, database=database_url(settings.database))
    if not settings.secret_keys:
        raise SettingError(
            "CONSENT_SECRET_KEYS is not set. The server needs it to sign visitors' tokens. Make a key "
            "with `python3 -c 'import secrets; print(secrets.token_urlsafe(32))'` and keep it."
        )
    if settings.oidc_issuer and not (settings.oidc_client_id and settings.oidc_client_secret):
        raise SettingError(
            "CONSENT_OIDC_ISSUER is set, but CONSENT_OIDC_CLIENT_ID or CONSENT_OIDC_CLIENT_SECRET is not. Register "
            "this server with the provider; its redirect address ends in /dashboard/-/oidc/callback."
        )
    if settings.database.startswith("postgresql"):
        _require_extra("postgresql", variable("database"))
    if settings.oidc_issuer:
        _require_extra("oidc", variable("oidc_issuer"))
    return settings


def _require_extra(name: str, variable: str) -> None:
    try:
        extras.require(name)
    except extras.NotInstalled as error:
        raise SettingError(f"{variable}: {error}") from None


def _raw(environ: Mapping[str, str], name: str) -> str | None:
    if name in environ:
        return environ[name]
    if path := environ.get(name + "_FILE"):
        try:
            return Path(path).read_text()
        except OSError as error:
            raise SettingError(f"{name}_FILE: cannot read {path}: {error.strerror}.") from None
    return None
