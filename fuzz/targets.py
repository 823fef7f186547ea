"""What is fuzzed: a row a parser."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

SEEDS = Path(__file__).parent / "seeds"
KB = 1024
# As much as a request may bring, and a form of the dashboard.
BODY, FORM = 16 * KB, 512 * KB


@dataclass(frozen=True)
class Target:
    # Of its folder among the seeds, too.
    name: str
    # The module here that has a function of this name.
    module: str
    # Bytes of the longest input, and seconds of CPU time that any input may take.
    longest: int = BODY
    seconds: float = 2.0
    # What means something to the parser, beside what the seeds say.
    words: tuple[bytes, ...] = ()

    @property
    def check(self) -> Callable[[bytes], None]:
        """Raises where something does not hold that has to. What one parser needs is loaded for it alone."""
        found: Callable[[bytes], None] = getattr(import_module(f"fuzz.{self.module}"), self.name)
        return found

    @property
    def seeds(self) -> list[bytes]:
        return [each.read_bytes() for each in sorted((SEEDS / self.name).iterdir())]


TOML = (b'"""', b"'''", b"[[", b"]]", b"0x", b"\\u0000", b"inf", b"nan", b"= {", b"\r\n", b"#")
NUMBERS = (b"1e999", b"-1", b"9" * 400, b"0" * 64, b"18446744073709551616")
HEADERS = (b"q=", b"[::1]", b"=?utf-8?q?=40?=", b"%00", b"\xc2\xb2", b"\xe2\x80\xae")

TARGETS = {
    target.name: target
    for target in (
        Target("site_file", "texts", FORM, 20.0, TOML),
        Target("toml_edit", "texts", 64 * KB, 10.0, TOML),
        Target("site_form", "texts", 64 * KB, 10.0, (b"%0D%0A", b"%22%22%22", b".rows=")),
        Target("decision", "requests", words=(b"\\u0000", b"null", b"{", *NUMBERS)),
        Target("hit", "requests", words=(b"\\ud800", b"%25", b"\\u0000", *HEADERS)),
        Target("kept_cookie", "requests", words=(b"~", b":", *NUMBERS)),
        Target("request", "requests", words=(b"\n", b": ", b"?", b"..", *HEADERS, *NUMBERS)),
        Target("token", "texts", words=(b".", b"-", b"=", b"\0")),
        Target("cookie", "texts", words=(b"~", b";", b"; ", b"=", b"consent=1~", *NUMBERS)),
        Target("log", "texts", 64 * KB, words=(b"\\x", b'\\"', b"#Fields: ", b"inf", *NUMBERS)),
        Target("log_format", "texts", words=(b"%", b"$", b"%{", b"}i", b'"', *NUMBERS)),
        Target("log_file", "files", 64 * KB, words=(b"\x1f\x8b", b"\x28\xb5\x2f\xfd")),
        Target("user_agent", "texts", words=(b"bot", b"(", b";", b"Mozilla/5.0")),
        Target("language", "texts", words=(b",", b";", *HEADERS, *NUMBERS)),
        Target("email", "texts", words=(b"@", b'"', b"<", b"\n", b"xn--", *HEADERS)),
        Target("address", "texts", words=(b"?", b"//", b"@", b"android-app://", *HEADERS)),
        Target("mmdb", "files", words=(b"\xab\xcd\xefMaxMind.com", b"node_count")),
    )
}
