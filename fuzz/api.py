"""Every operation of the API answers as its document says, whatever is asked; and each is reached: python -m fuzz.api.

Schemathesis asks, with the site fixed and tokens that hold. An operation that never answers with 2xx fails the run, as
then nothing was tried behind its checks.
"""

import json
import re
import subprocess
import sys
import time
import uuid
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import click

from fuzz.engines import BEGUN, FOUND
from fuzz.server import HOST, Server, serving

SITE = "07sor"
CONFIGURATION = f"""
[parameters]
"path.site" = "{SITE}"

[generation]
database = "none"
"""
# A visitor's own operation, whose token is another.
OWN = "visitors/me"
EXAMPLES = 10_000
# Seconds below which Schemathesis does not end its first examples, and that it takes to begin and to end.
LEAST, STARTING = 10.0, 8.0


@click.command(help=__doc__)
@click.argument("seconds", type=float)
def main(seconds: float) -> None:
    with serving() as server:
        reached, failed = asked(server, seconds)
        document = json.loads(_get(server, "/api/v1/openapi.json"))
        log = server.log()
    operations = set(document["paths"])
    click.echo(f"{len(reached & operations)} of {len(operations)} operations answered with 2xx")
    missed = sorted(operations - reached)
    if failed or missed or "Traceback" in log:
        click.echo(f"FOUND never answered with 2xx: {missed}\n{failed}\n{log[-2000:]}")
        sys.exit(FOUND)


def asked(server: Server, seconds: float) -> tuple[set[str], str]:
    """The paths of the document that were answered with 2xx, and what Schemathesis says where it found something."""
    scopes = [word for name in ("stats", "versions", "decisions") for word in ("--scope", name)]
    token = server.run("token", SITE, *scopes).strip()
    left = BEGUN + seconds - time.monotonic()
    found = [
        _schemathesis(server, token, left * 0.7, "--exclude-path-regex", OWN),
        _schemathesis(server, _visitor(server), left * 0.3, "--include-path-regex", OWN),
    ]
    return set().union(*(paths for paths, _ in found)), "".join(said for _, said in found)


def _schemathesis(
    server: Server, token: str, seconds: float, *selected: str
) -> tuple[set[str], str]:
    (server.folder / "schemathesis.toml").write_text(CONFIGURATION)
    report = server.folder / "report.har"
    done = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "run"),
            f"http://{HOST}:{server.port}/api/v1/openapi.json",
            *("--header", f"Authorization: Bearer {token}", "--no-color"),
            *("--max-examples", str(EXAMPLES)),
            *("--max-time", str(round(max(LEAST, seconds - STARTING)))),
            *("--report", "har", "--report-har-path", str(report)),
            *selected,
        ],
        cwd=server.folder,
        capture_output=True,
        text=True,
    )
    said = "" if done.returncode == 0 else done.stdout + done.stderr
    return _reached(report), said


def _reached(report: Path) -> set[str]:
    entries = json.loads(report.read_text())["log"]["entries"] if report.exists() else []
    return {
        re.sub(rf"^/api/v1/sites/{SITE}/", "/sites/{site}/", urlsplit(each["request"]["url"]).path)
        for each in entries
        if 200 <= each["response"]["status"] < 300
    }


def _visitor(server: Server) -> str:
    """The token of somebody who has decided."""
    body = {
        **{"id": str(uuid.uuid4()), "version": 1, "language": "nb", "action": "refuse"},
        **{"source": "banner", "purposes": {"analytics": False, "marketing": False}},
    }
    request = Request(f"http://{HOST}:{server.port}/e/{SITE}/decisions", json.dumps(body).encode())
    with urlopen(request, timeout=30) as answer:
        return str(json.load(answer)["token"])


def _get(server: Server, path: str) -> str:
    with urlopen(f"http://{HOST}:{server.port}{path}", timeout=30) as answer:
        return str(answer.read().decode())


if __name__ == "__main__":
    main()
