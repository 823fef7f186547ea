"""The OpenAPI document: it says what the API does, and the API does what it says."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from markupsafe import escape

from consent.web.api.operations import OPERATIONS
from tests.factories import decision, refusal
from tests.processes import Server

CONFIGURATION = """
[parameters]
"path.site" = "07sor"

[generation]
database = "none"
"""


def test_every_operation_is_described(client: FlaskClient) -> None:
    document = client.get("/api/v1/openapi.json").get_json()

    assert document["openapi"].startswith("3.1")
    assert {*document["paths"]} == {
        "/sites/{site}/visitors/me",
        "/sites/{site}/stats/visits",
        "/sites/{site}/stats/consents",
        "/sites/{site}/versions",
        "/sites/{site}/decisions",
    }


def test_the_document_can_be_read(client: FlaskClient) -> None:
    page = client.get("/api/v1/").get_data(as_text=True)

    for each in OPERATIONS:
        assert each.path in page
        assert escape(each.summary) in page


@pytest.mark.parametrize("whose", ["site", "visitor"])
def test_schemathesis_finds_nothing(tmp_path: Path, new_database, whose: str) -> None:  # type: ignore[no-untyped-def]
    """It asks all that the document allows and much that it does not, and holds the answers against it."""
    server = Server(tmp_path, new_database(), CONSENT_WORKERS="1")
    server.publish()
    scopes = [word for scope in ("stats", "versions", "decisions") for word in ("--scope", scope)]
    token = server.run("token", "07sor", *scopes).strip()
    (tmp_path / "schemathesis.toml").write_text(CONFIGURATION)
    with server.running():
        for body in (decision(), refusal()):
            _, answer = server.post("/e/07sor/decisions", body)
        selected = ["--exclude-path-regex", "visitors/me"]
        if whose == "visitor":
            token = json.loads(answer)["token"]
            selected = ["--include-path-regex", "visitors/me"]
        found = subprocess.run(
            [
                *(sys.executable, "-m", "schemathesis.cli", "run"),
                server.address("/api/v1/openapi.json"),
                *("--header", f"Authorization: Bearer {token}"),
                *("--max-examples", "15", "--seed", "1", "--no-color"),
                *selected,
            ],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=300,
        )
    assert found.returncode == 0, found.stdout
