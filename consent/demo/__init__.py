"""`consent demo`: the whole product on one machine, with a website to try it on."""

import multiprocessing
import os
import secrets
from datetime import UTC, datetime
from pathlib import Path

import click

from consent.core.db import db
from consent.core.paths import DEMO
from consent.demo import samples, website
from consent.notice import publishing
from consent.people import api_tokens, staff
from consent.server.serving import listen, ready_app, serve
from consent.site import schema

SITE_FILE = DEMO / "07sor.toml"
EMAIL = "demo@example.no"
# The address in the demo's site file, which the real one takes the place of.
WRITTEN_PORT = "8081"


def run(folder: Path, host: str, port: int, demo_port: int) -> None:
    """Prepares the demo in `folder`, prints its addresses, and serves until stopped."""
    folder.mkdir(parents=True, exist_ok=True)
    address, demo_address = f"http://{host}:{port}", f"http://{host}:{demo_port}"
    config = {
        "secret_keys": (_secret(folder / "secret"),),
        "database": f"sqlite:///{(folder / 'consent.db').resolve()}",
        "public_url": address,
        # The demo website is on this machine.
        "inside_hosts": (host, "127.0.0.1", "localhost"),
        "host": host,
        "port": port,
        "workers": 1,
    }
    mend = "Set PORT and DEMO_PORT to free ports."
    listen(host, port, mend).close()
    demo_listening = listen(host, demo_port, mend)
    with ready_app(config).app_context():
        password, token = _prepare(demo_address)
    multiprocessing.get_context("spawn").Process(
        target=website.serve,
        args=(address, site_file(demo_address), demo_listening, os.getpid()),
        daemon=True,
    ).start()
    demo_listening.close()

    def say() -> None:
        for name, value in {
            "demo website": f"{demo_address}/",
            "privacy notice": f"{address}/privacy/{samples.SITE}/",
            "dashboard": f"{address}/dashboard/",
            "e-mail": EMAIL,
            "password": password,
            "API": f"{address}/api/v1/sites/{samples.SITE}/stats/consents",
            "API token": token,
        }.items():
            click.echo(f"{name}: {value}")

    serve(config, say)


def _prepare(demo_address: str) -> tuple[str, str]:
    """Publishes the site, invents its past, and gives out a fresh login and a fresh token."""
    session, now = db.session(), datetime.now(UTC)
    publishing.publish(session, site_file(demo_address), now)
    samples.invent(db.engine, session, now)
    password = secrets.token_urlsafe(12)
    staff.add(session, EMAIL, password, [samples.SITE], now)
    return password, api_tokens.issue(session, samples.SITE, "demo", now)


def site_file(demo_address: str) -> str:
    """The demo's site file, with the origin under which the demo website is served."""
    source = SITE_FILE.read_text(encoding="utf-8")
    host_and_port = demo_address.removeprefix("http://")
    port = host_and_port.rpartition(":")[2]
    source = source.replace(f"127.0.0.1:{WRITTEN_PORT}", host_and_port).replace(
        f"localhost:{WRITTEN_PORT}", f"localhost:{port}"
    )
    assert demo_address in schema.parse(source).site.origins
    return source


def _secret(path: Path) -> str:
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(32))
    return path.read_text()
