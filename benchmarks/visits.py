"""Visits a page as somebody would, and says what it cost.

There are two kinds of visits. A watched one has the probe (probe.js) in the page, which tells what was to be seen
and when. A quiet one has nothing in the page but the page, and then asks the browser how long its scripts ran:
`ScriptDuration` and `V8CompileDuration` of the page's main thread, in CPU time, so that other work on the machine
does not count. What the bare page takes is subtracted later.

The page is asked through the DevTools protocol only: Playwright's own ways put helpers into it, which would be
measured too.
"""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from playwright.sync_api import Browser, BrowserContext, CDPSession, Page

from benchmarks.contenders import SERVICES, Contender

PROBE = (Path(__file__).parent / "probe.js").read_text(encoding="utf-8")
LOCALE = "nb-NO"
PATIENCE_S = 30.0
QUIET_MS = 1500
# What a page does on a click waits for the next frame, up to 17 ms; so more than one click is needed.
REFUSALS = 3
KIB = 1024

Measured = dict[str, float | None]


@dataclass(frozen=True)
class Device:
    width: int
    height: int
    cpu_slowdown: int = 1
    latency_ms: int = 0
    # 0 leaves the network as it is.
    bits_per_s: int = 0
    # After the banner is there, or the page is loaded: what was put off until the browser is idle is done by then.
    settled_ms: int = 700

    def imitate(self, cdp: CDPSession) -> None:
        if self.cpu_slowdown > 1:
            cdp.send("Emulation.setCPUThrottlingRate", {"rate": self.cpu_slowdown})
        if self.bits_per_s:
            speed = self.bits_per_s / 8
            cdp.send("Network.enable")
            cdp.send(
                "Network.emulateNetworkConditions",
                {
                    "offline": False,
                    "latency": self.latency_ms,
                    "downloadThroughput": speed,
                    "uploadThroughput": speed,
                },
            )


DESKTOP = Device(1280, 800)
SLOW_PHONE = Device(390, 844, cpu_slowdown=4, latency_ms=150, bits_per_s=1_600_000, settled_ms=1500)


@dataclass(frozen=True)
class Tab:
    """An open page, and the two ways to it."""

    page: Page
    cdp: CDPSession

    def ask(self, expression: str) -> Any:
        answer = self.cdp.send(
            "Runtime.evaluate", {"expression": f"({expression})", "returnByValue": True}
        )
        if problem := answer.get("exceptionDetails"):
            raise click.ClickException(
                f"{self.page.url}: {problem['exception'].get('description')}"
            )
        return answer["result"].get("value")

    def wait_for(self, expression: str) -> Any:
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            if (found := self.ask(expression)) not in (None, False):
                return found
            self.page.wait_for_timeout(50)
        raise click.ClickException(f"{self.page.url}: {expression} did not come true.")

    def press(self, selector: str) -> None:
        x, y = self.ask(f"probe.centre({json.dumps(selector)})")
        self.page.mouse.click(x, y)


@dataclass(frozen=True)
class Visitor:
    browser: Browser
    origin: str

    def look(self, contender: Contender, device: Device) -> Measured:
        """A first visit: what it takes until the banner is there, and what that takes."""
        with self._new(device) as context, self._watched(context, contender, device) as tab:
            return self._seen(tab, contender, device)

    def refuse(self, contender: Contender) -> Measured:
        """First visits that end with a refusal: the mean of a few."""
        if not contender.asks:
            return {}
        times = [self._refuse(contender) for _ in range(REFUSALS)]
        return {"refused": sum(times) / len(times)}

    def _refuse(self, contender: Contender) -> float:
        with self._new(DESKTOP) as context, self._watched(context, contender, DESKTOP) as tab:
            self._settle(tab, contender)
            tab.press(contender.refuse)
            gone, clicked = tab.wait_for("probe.gone"), tab.ask("probe.clicked")
            tab.page.wait_for_timeout(DESKTOP.settled_ms / 2)
            if tab.ask("window.ran"):
                raise click.ClickException(f"{contender.name} started a tag after a refusal.")
            return float(gone - clicked)

    def accept(self, contender: Contender) -> Measured:
        """A first visit that ends with an acceptance, and a second one by the same browser.

        The services run in the second visit too; what their few lines take is the same with every contender.
        """
        found: Measured = {}
        with self._new(DESKTOP) as context:
            with self._watched(context, contender, DESKTOP) as tab:
                if contender.asks:
                    self._settle(tab, contender)
                    tab.press(contender.accept)
                    found |= _started(tab)
            with self._opened(context, DESKTOP) as tab:
                found |= self._quiet(tab, contender, "second_")
                found["second_requests"] = tab.ask(
                    "performance.getEntriesByType('resource').filter("
                    f"({{ name, transferSize }}) => name.startsWith('{self.origin}') && transferSize).length"
                )
        return found

    def listen(self, contender: Contender) -> Measured:
        """A first visit with nothing in the page that watches."""
        with self._new(DESKTOP) as context, self._opened(context, DESKTOP) as tab:
            return self._quiet(tab, contender, "")

    @contextmanager
    def _new(self, device: Device) -> Iterator[BrowserContext]:
        context = self.browser.new_context(
            locale=LOCALE, viewport={"width": device.width, "height": device.height}
        )
        try:
            yield context
        finally:
            context.close()

    @contextmanager
    def _opened(self, context: BrowserContext, device: Device) -> Iterator[Tab]:
        page = context.new_page()
        tab = Tab(page, context.new_cdp_session(page))
        device.imitate(tab.cdp)
        yield tab
        page.close()

    @contextmanager
    def _watched(
        self, context: BrowserContext, contender: Contender, device: Device
    ) -> Iterator[Tab]:
        with self._opened(context, device) as tab:
            selectors = json.dumps({"host": contender.host, "accept": contender.accept})
            tab.page.add_init_script(f"({PROBE.rstrip().removesuffix(';')})({selectors})")
            tab.page.goto(self.origin + contender.path, wait_until="load")
            yield tab

    def _settle(self, tab: Tab, contender: Contender, device: Device = DESKTOP) -> None:
        if contender.asks:
            tab.wait_for("probe.visible")
        tab.page.wait_for_timeout(device.settled_ms)

    def _seen(self, tab: Tab, contender: Contender, device: Device) -> Measured:
        self._settle(tab, contender, device)
        probe = tab.ask("probe")
        before = tab.ask(
            "performance.getEntriesByType('resource').filter("
            f"({{ name, startTime }}) => name.startsWith('{self.origin}') && startTime < (probe.visible ?? 1e9))"
            ".map(({ encodedBodySize }) => encodedBodySize)"
        )
        visible, painted = probe["visible"], probe["painted"]
        return {
            # The probe looks before a frame is painted, and nothing is seen before the first one is.
            "visible": visible and max(visible, painted),
            "painted": painted,
            "blocked": probe["blocked"],
            "shift": probe["shift"],
            "is_largest": float(probe["largest"] == "banner"),
            "bytes": sum(before),
            "requests": len(before),
            "ran": tab.ask("performance.getEntriesByName('empty')[0]?.startTime"),
        }

    def _quiet(self, tab: Tab, contender: Contender, prefix: str) -> Measured:
        tab.cdp.send("Performance.enable", {"timeDomain": "threadTicks"})
        tab.page.goto(self.origin + contender.path, wait_until="load")
        tab.page.wait_for_timeout(QUIET_MS)
        answer = tab.cdp.send("Performance.getMetrics")["metrics"]
        spent = {each["name"]: each["value"] for each in answer}
        for _ in range(2):  # what the first one finds, the second one may free
            tab.cdp.send("HeapProfiler.collectGarbage")
        return {
            f"{prefix}script": (spent["ScriptDuration"] + spent["V8CompileDuration"]) * 1000,
            f"{prefix}heap": tab.cdp.send("Runtime.getHeapUsage")["usedSize"] / KIB,
        }


def _started(tab: Tab) -> Measured:
    """When both services ran after the click, and whether the banner had gone from sight before the first."""
    tab.wait_for(f"window.ran?.length >= {len(SERVICES)}")
    gone, clicked = tab.wait_for("probe.gone"), tab.ask("probe.clicked")
    times = [moment for _, moment in tab.ask("window.ran")]
    tab.page.wait_for_timeout(DESKTOP.settled_ms)
    return {"accepted": max(times) - clicked, "painted_first": float(gone < min(times))}
