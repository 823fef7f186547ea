"""The server and the demo as processes: what survives a kill, and what a wheel carries."""

import json
import os
import socket
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from consent.demo import SITE_FILE
from tests.conftest import KEY, NewDatabase
from tests.factories import decision
from tests.ports import free_port
from tests.processes import CONSENT, ROOT, get, post, running


def demo_works(command: list[str], folder: Path, environ: dict[str, str]) -> None:
    port, demo_port = free_port(), free_port()
    with running(
        [*command, "demo"],
        "API token",
        folder,
        environ | {"PORT": str(port), "DEMO_PORT": str(demo_port)},
    ) as (_, lines):
        said = dict(line.split(": ", 1) for line in lines)
        assert said["demo website"] == f"http://127.0.0.1:{demo_port}/"
        assert f'src="http://127.0.0.1:{port}/e/07sor.js"' in get(said["demo website"])
        assert "07sor" in get(f"http://127.0.0.1:{port}/e/07sor.js")
        assert "Rolv W. Pripp" in get(said["privacy notice"])
        assert "Log in" in get(said["dashboard"])
        assert "figure" not in get(f"http://127.0.0.1:{port}/static/icon.svg")
        before = json.loads(get(said["API"], Authorization=f"Bearer {said['API token']}"))
        assert before["totals"]["decisions"] > 500
        assert before["samples"]
        assert post(f"http://127.0.0.1:{port}/e/07sor/decisions", decision()) == 201
        after = json.loads(get(said["API"], Authorization=f"Bearer {said['API token']}"))
        assert after["totals"]["accept"] == before["totals"]["accept"] + 1


@pytest.mark.sqlite
def test_the_demo_says_when_a_port_is_taken(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        environ = os.environ | {"PORT": str(taken.getsockname()[1]), "DEMO_PORT": str(free_port())}
        found = subprocess.run(
            [*CONSENT, "demo"], cwd=tmp_path, env=environ, capture_output=True, text=True
        )

    assert found.returncode == 1
    assert "Set PORT and DEMO_PORT to free ports" in found.stderr
    assert len(found.stderr.splitlines()) == 1


@pytest.mark.sqlite
def test_the_demo_prints_its_addresses_and_serves_and_starts_again_where_it_was(
    tmp_path: Path,
) -> None:
    demo_works(CONSENT, tmp_path, dict(os.environ))
    demo_works(CONSENT, tmp_path, dict(os.environ))


@pytest.mark.sqlite
def test_a_wheel_in_a_blank_environment_serves_the_demo(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--outdir", str(tmp_path), str(ROOT)],
        check=True,
        capture_output=True,
    )
    wheel = next(tmp_path.glob("*.whl"))
    with zipfile.ZipFile(wheel) as carried:
        assert {"consent/fonts/roboto-latin.ttf", "consent/counting/robots.json"} <= set(
            carried.namelist()
        )
    blank = tmp_path / "blank"
    venv.create(blank)
    # Compiling all that is installed takes longer than the test.
    install = [sys.executable, "-m", "pip", "--python", str(blank), "install", "-q", "--no-compile"]
    for what in (["-r", str(ROOT / "requirements.lock")], ["--no-deps", str(wheel)]):
        subprocess.run([*install, *what], check=True, capture_output=True)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()

    demo_works([str(blank / "bin/consent")], elsewhere, {"PATH": os.environ["PATH"]})


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["publish", str(SITE_FILE)], "CONSENT_SECRET_KEYS is not set"),
        (["serve"], "CONSENT_SECRET_KEYS is not set"),
        (["token", "nowhere"], "CONSENT_SECRET_KEYS is not set"),
        (["check", "/no/such/file.toml"], "does not exist"),
    ],
)
def test_a_command_that_fails_says_why_and_ends_with_an_error(
    tmp_path: Path, arguments: list[str], said: str
) -> None:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("CONSENT_")}
    found = subprocess.run(
        [*CONSENT, *arguments], cwd=tmp_path, env=environ, capture_output=True, text=True
    )

    assert found.returncode != 0
    assert said in found.stderr
    assert "Traceback" not in found.stderr


def test_publish_user_and_token_work_from_the_command_line(
    tmp_path: Path, new_database: NewDatabase
) -> None:
    environ = os.environ | {
        "CONSENT_SECRET_KEYS": KEY,
        "CONSENT_DATABASE": new_database(),
    }

    def run(*arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*CONSENT, *arguments],
            cwd=tmp_path,
            env=environ,
            input=given,
            capture_output=True,
            text=True,
        )

    assert "Published version 1 of 07sor" in run("publish", str(SITE_FILE)).stdout
    assert "Nothing changed" in run("publish", str(SITE_FILE)).stdout
    assert run("token", "07sor").stdout.startswith("ct_")
    assert "no site 'nowhere'" in run("token", "nowhere").stderr
    added = run(
        "user",
        "add",
        "kari@example.no",
        "--site",
        "07sor",
        "--password-stdin",
        given="long enough for this\n",
    )
    assert added.stdout == "kari@example.no is owner of 07sor.\n"
    short = run(
        "user", "add", "kari@example.no", "--site", "07sor", "--password-stdin", given="short\n"
    )
    assert (short.returncode, "at least 12 characters" in short.stderr) == (1, True)
