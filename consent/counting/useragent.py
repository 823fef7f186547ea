"""What a User-Agent header says: browser family, operating system and kind of device.

Whether it is a robot says robots.py: `user-agents` knows few.

The `user-agents` package classifies, but parses through ua-parser's legacy interface, which takes 25 times
as long as its Rust resolver; so its object is filled from the resolver here.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

import ua_parser
from user_agents import parsers

# Longer headers are cut: no browser sends one, and a parser's time grows with the length.
LONGEST = 512


# Browsers inside an app that ua-parser takes for Chrome or Safari: what their header holds, and the app.
IN_APP = (
    ("MetaIAB Facebook", "Facebook"),
    ("MetaIAB Instagram", "Instagram"),
    ("MetaIAB Threads", "Threads"),
    (" Barcelona ", "Threads"),
    ("FB_IAB/Orca-Android", "Messenger"),
    ("Snapchat", "Snapchat"),
    ("GoogleApp/", "Google app"),
    ("[LinkedInApp]", "LinkedIn"),
    ("Telegram-Android/", "Telegram"),
)
# What ua-parser calls an app, where that is not what the app is called on every device.
APPS = {
    "Ecosia Android": "Ecosia",
    "Facebook Messenger": "Messenger",
    "Google": "Google app",
    "LINE": "Line",
    "Twitter": "X (Twitter)",
    "WeChat Browser": "WeChat",
}
# A browser has one name on all devices. With several it would tell the system, and two tables tell of each other.
BROWSERS = re.compile(r"\bMobile\b|\biOS\b|\bWebView\b|\bUI/WKWebView\b")
OTHER = "Other"


def _names(text: str) -> frozenset[str]:
    return frozenset(text.strip().replace(",\n", ", ").split(", "))


# All others are "Other": ua-parser also gives whatever word stands where apps and televisions have their name, which
# anybody can choose.
KNOWN = _names("""
Aloha Browser, Amazon Silk, Android, AOL, Avast Secure Browser, Baidu Browser, BlackBerry, Brave, Chrome,
Chromium, Coc Coc, Comodo Dragon, DuckDuckGo, Ecosia, Edge, Epiphany, Firefox, Firefox Alpha, Firefox Beta,
Firefox Focus, HbbTV, HeyTap Browser, Honor Browser, Huawei Browser, IE, Instabridge, Iron, KaiOS Browser, KakaoTalk,
Konqueror, Ladybird, Maxthon, Microsoft Teams, Midori, Mint Browser, MiuiBrowser, MullvadBrowser, Norton,
Oculus Browser,
Opera, Opera GX, Opera Mini, Opera Neon, Opera Touch, Outlook, Pale Moon, Phoenix Browser, Pinterest, Puffin,
QQ Browser, Quark, Quark PC, qutebrowser, Safari, Sailfish Browser, Samsung Internet, SeaMonkey,
Seznam prohlížeč, Skype, Sogou Explorer, TikTok, UC Browser, Vivaldi, VivoBrowser, Waterfox, Webkit Nightly,
Weibo, Whale, Wolvic Browser, Yandex Browser
""") | {*(app for _, app in IN_APP), *APPS.values()}
SYSTEMS = _names("""
Android, BlackBerry OS, Chrome OS, Debian, Fedora, FreeBSD, HarmonyOS, KaiOS, Linux, Mac OS X, NetBSD, OpenBSD,
Sailfish, Solaris, Tizen, Ubuntu, WebTV, Windows, Windows Phone, iOS, tvOS, watchOS, webOS
""")


@dataclass(frozen=True)
class Client:
    browser: str
    system: str
    # phone, tablet, desktop or other
    device: str


def classify(header: str) -> Client:
    return _classify(header[:LONGEST])


@lru_cache(maxsize=4096)
def _classify(header: str) -> Client:
    parsed = ua_parser.parse(header).with_defaults()
    agent = object.__new__(parsers.UserAgent)
    agent.ua_string = header
    agent.browser = parsers.parse_browser(
        parsed.user_agent.family,
        parsed.user_agent.major,
        parsed.user_agent.minor,
        parsed.user_agent.patch,
    )
    agent.os = parsers.parse_operating_system(
        parsed.os.family, parsed.os.major, parsed.os.minor, parsed.os.patch, parsed.os.patch_minor
    )
    agent.device = parsers.parse_device(
        parsed.device.family, parsed.device.brand, parsed.device.model
    )
    browser = _app(agent.ua_string) or BROWSERS.sub("", agent.browser.family).strip()
    browser = APPS.get(browser, browser)
    return Client(
        browser if browser in KNOWN else OTHER,
        agent.os.family if agent.os.family in SYSTEMS else OTHER,
        _device(agent),
    )


def _app(header: str) -> str | None:
    return next((app for sign, app in IN_APP if sign in header), None)


def _device(agent: parsers.UserAgent) -> str:
    if agent.is_tablet:
        return "tablet"
    if agent.is_mobile:
        return "phone"
    if agent.is_pc:
        return "desktop"
    return "other"
