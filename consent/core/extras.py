"""The extras of the package: what pip installs only where it is asked for, and what to say where it is missing."""

from importlib.util import find_spec
from typing import NamedTuple

from consent.core.errors import ConsentError


class Extra(NamedTuple):
    module: str
    purpose: str
    package: str


EXTRAS = {
    "noise": Extra("opendp", "Noise in statistics", "OpenDP"),
    "oidc": Extra("authlib", "Logging in with OpenID Connect", "Authlib"),
    "postgresql": Extra("psycopg", "PostgreSQL", "psycopg"),
    "report": Extra("resvg_py", "A report with pictures", "resvg-py"),
}


class NotInstalled(ConsentError):
    kind, title, status = "not-installed", "This server lacks a package for that", 503


def is_installed(name: str) -> bool:
    return find_spec(EXTRAS[name].module) is not None


def require(name: str) -> None:
    """Raises NotInstalled, which says how to install the extra."""
    if not is_installed(name):
        extra = EXTRAS[name]
        raise NotInstalled(
            f"{extra.purpose} needs {extra.package}. Install it with: pip install 'samtykke[{name}]'"
        )
