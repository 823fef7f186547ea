"""Where an extra is not installed, one line says how to install it."""

import subprocess
import sys
from pathlib import Path

import pytest

from consent.core.paths import ROOT
from consent.demo import SITE_FILE

# A module that is None cannot be imported.
RUN = """
import sys
sys.modules[sys.argv.pop(1)] = None
from consent.cli import main
main()
"""
KEY = "a-key-for-tests-that-is-long-enough-000"
OIDC = {
    "CONSENT_OIDC_ISSUER": "https://login.example",
    "CONSENT_OIDC_CLIENT_ID": "consent",
    "CONSENT_OIDC_CLIENT_SECRET": "secret",
}
POSTGRESQL = {"CONSENT_DATABASE": "postgresql://localhost/consent"}


def run_without(module: str, folder: Path, *arguments: str, **settings: str) -> tuple[int, str]:
    """The exit code of a command, and what it says of its failure."""
    answer = subprocess.run(
        [sys.executable, "-c", RUN, module, *arguments],
        capture_output=True,
        text=True,
        cwd=folder,
        env={
            "PYTHONPATH": str(ROOT),
            "CONSENT_SECRET_KEYS": KEY,
            "CONSENT_DATABASE": f"sqlite:///{folder}/consent.db",
            **settings,
        },
    )
    return answer.returncode, answer.stderr


@pytest.mark.parametrize(
    ("module", "settings", "message"),
    [
        (
            "psycopg",
            POSTGRESQL,
            "CONSENT_DATABASE: PostgreSQL needs psycopg. "
            "Install it with: pip install 'samtykke[postgresql]'",
        ),
        (
            "authlib",
            OIDC,
            "CONSENT_OIDC_ISSUER: Logging in with OpenID Connect needs Authlib. "
            "Install it with: pip install 'samtykke[oidc]'",
        ),
    ],
)
@pytest.mark.parametrize("command", ["serve", "migrate"])
def test_a_setting_that_needs_it_is_rejected(
    module: str, settings: dict[str, str], message: str, command: str, tmp_path: Path
) -> None:
    assert run_without(module, tmp_path, command, **settings) == (1, f"consent: {message}\n")


def test_a_report_with_pictures_needs_resvg(tmp_path: Path) -> None:
    code, said = run_without("resvg_py", tmp_path, "publish", str(SITE_FILE))
    assert (code, said) == (0, "")

    assert run_without("resvg_py", tmp_path, "report", "07sor")[0] == 0
    code, said = run_without("resvg_py", tmp_path, "report", "07sor", "--html", "report.html")

    assert code == 1
    assert said == (
        "consent: A report with pictures needs resvg-py. Install it with: pip install 'samtykke[report]'\n"
    )


def test_noise_is_a_mistake_in_the_site_file(tmp_path: Path) -> None:
    file = tmp_path / "site.toml"
    source = SITE_FILE.read_text()
    assert "\n[hits]\n" in source
    file.write_text(source.replace("\n[hits]\n", "\n[hits]\nnoise = 20.0\n"))

    code, said = run_without("opendp", tmp_path, "check", str(file))

    assert code == 1
    assert "hits.noise" in said
    assert "`pip install 'samtykke[noise]'`" in said
    assert run_without("psycopg", tmp_path, "check", str(file))[0] == 0
