"""The types of `window.consent`: what compiles with them, and what does not."""

import re
import subprocess
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from consent.core.paths import STATIC

ROOT = Path(__file__).parents[2]
TSC = ROOT / "node_modules/.bin/tsc"

EVERY_MEMBER = """
async function all(consent: Samtykke.Consent): Promise<void> {
  const { decided, version, purposes, services }: Samtykke.State = consent.get();
  const isDecided: boolean = decided;
  const number: number | undefined = version;
  const necessary: true = purposes.necessary;
  const granted: boolean[] = [purposes.analytics, services["meta-pixel"]];

  consent.set({ analytics: true });
  consent.set({ analytics: true, marketing: false }, { "meta-pixel": true });
  consent.on("change", (state) => state.purposes.marketing);
  consent.withdraw();
  await consent.open();
  const applied: Samtykke.State = await consent.ready;
  console.log(isDecided, number, necessary, granted, applied.decided);
}

if (window.consent) all(window.consent);
document.addEventListener("consent:change", ({ detail }) => console.log(detail.services.youtube));
"""

MISTAKES = """
declare const consent: Samtykke.Consent;
window.consent.open();
consent.close();
consent.set("analytics");
consent.set({ analytics: "yes" });
consent.set({ analytics: true }, ["youtube"]);
consent.on("changed", () => {});
consent.on("change", (state: number) => state);
consent.get().decided = true;
consent.get().purposes.necessary = false;
consent.get().version.toFixed();
consent.ready.purposes;
document.addEventListener("consent:change", ({ detail }) => detail.purpose);
"""


@pytest.fixture
def complaints(tmp_path: Path):  # type: ignore[no-untyped-def]
    """Compiles a file beside a copy of the types: the lines that it is told are wrong."""
    (tmp_path / "consent.d.ts").write_text((STATIC / "consent.d.ts").read_text())

    def compile(source: str) -> list[int]:
        file = tmp_path / "page.ts"
        file.write_text(f'/// <reference path="consent.d.ts" />{source}')
        options = ["--strict", "--noEmit", "--pretty", "false", "--target", "es2022"]
        run = subprocess.run(
            [TSC, *options, file], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        found = [int(line) for line in re.findall(r"^page\.ts\((\d+),", run.stdout, re.MULTILINE)]
        assert bool(run.returncode) == bool(found), run.stdout
        return found

    return compile


def test_code_that_uses_every_member_compiles(complaints) -> None:  # type: ignore[no-untyped-def]
    assert complaints(EVERY_MEMBER) == []


def test_every_mistake_is_found(complaints) -> None:  # type: ignore[no-untyped-def]
    first = 3  # after the reference and the declaration
    assert complaints(MISTAKES) == list(range(first, len(MISTAKES.splitlines()) + 1))


def test_the_recipe_compiles(complaints) -> None:  # type: ignore[no-untyped-def]
    (code,) = re.findall(
        r"^```ts\n(.*?)^```", (ROOT / "docs/recipes.md").read_text(), re.DOTALL | re.MULTILINE
    )
    assert '<reference path="consent.d.ts" />' in code
    assert complaints("\n" + code) == []


def test_they_are_served(client: FlaskClient) -> None:
    with client.get("/static/consent.d.ts") as answer:
        assert answer.status_code == 200
        assert "interface Consent {" in answer.get_data(as_text=True)
