"""The names of browsers: one for an app on every system, whatever engine is inside it."""

from collections import Counter as Tally

import pytest
from flask import current_app
from flask.testing import FlaskClient
from sqlalchemy import select

from consent.core.db import db
from consent.models import Counter
from tests.conftest import count_hits
from tests.factories import hit

IOS = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
ANDROID = (
    "Mozilla/5.0 (Linux; Android 14; Pixel 7 Build/AP1A.240505.004; wv) AppleWebKit/537.36 "
    "(KHTML, like Gecko) Version/4.0 Chrome/125.0.6422.165 Mobile Safari/537.36"
)
# As isbot's issue 314 has it, from real traffic. Neither system nor device can be read from it.
FACEBOOK_ALONE = (
    "[FBAN/FB4A;FBAV/567.1.0.52.74;FBBV/1003893689;FBDM/{density=3.0,width=1080,height=2340};FBLC/nl_NL;"
    "FBRV/1012267334;FBCR/NL KPN;FBMF/samsung;FBBD/samsung;FBPN/com.facebook.katana;FBDV/SM-S921B;"
    "FBSV/16;FBOP/1;FBCA/arm64-v8a:;]"
)
APPS = {
    "Facebook": [
        f"{IOS} Mobile/15E148 [FBAN/FBIOS;FBAV/468.0.0.38.105;FBBV/614563826;FBDV/iPhone14,5;FBMD/iPhone;"
        "FBSN/iOS;FBSV/17.5.1;FBSS/3;FBID/phone;FBLC/nb_NO;FBOP/5;FBRV/616447447]",
        f"{ANDROID} [FB_IAB/FB4A;FBAV/471.0.0.41.109;]",
        f"{IOS} Mobile/22G100 Safari/604.1 MetaIAB Facebook",
        f"{ANDROID} MetaIAB Facebook",
        FACEBOOK_ALONE,
    ],
    "Messenger": [
        f"{IOS} Mobile/15E148 [FBAN/MessengerForiOS;FBAV/459.0.0.29.106;FBBV/608473434;FBDV/iPhone13,2]",
        f"{ANDROID} [FB_IAB/Orca-Android;FBAV/463.0.0.39.109;]",
        f"{ANDROID} [FB_IAB/MESSENGER;FBAV/120.0.0.14.84;]",
    ],
    "Instagram": [
        f"{IOS} Mobile/15E148 Instagram 336.0.3.31.92 (iPhone15,2; iOS 17_5_1; nb_NO; nb; scale=3.00; "
        "1179x2556; 609775437)",
        f"{ANDROID} Instagram 334.0.0.42.95 Android (34/14; 420dpi; 1080x2201; Google/google; Pixel 7; "
        "panther; panther; en_US; 606910906)",
    ],
    "Threads": [
        f"{IOS} Mobile/21F90 Barcelona 334.0.4.32.98 (iPhone15,2; iOS 17_5_1; en_US; en; scale=3.00)",
    ],
    "Snapchat": [
        f"{IOS} Version/17.5 Mobile/15E148 Snapchat/12.92.0.44 (like Safari/8618.2.12.10.9, panda)",
        f"{ANDROID}Snapchat12.89.0.40 (SM-A127F; Android 13#A127FXXS9DWL1#33; gzip; )",
    ],
    "Google app": [
        f"{IOS} GSA/320.0.640777810 Mobile/15E148 Safari/604.1",
        f"{ANDROID} GSA/15.21.41.28.arm64",
        f"{ANDROID} GoogleApp/15.21.29.28.arm64",
    ],
    "LinkedIn": [
        f"{IOS} Mobile/15E148 [LinkedInApp]/9.29.7847",
        f"{ANDROID} [LinkedInApp]/2.312.70",
    ],
    "TikTok": [
        f"{IOS} Mobile/15E148 BytedanceWebview/d8a21c6 trill_34.9.0 JsSdk/2.0 NetType/4G Channel/App Store "
        "ByteLocale/en Region/MY FalconTag/31CFA6E0-CAE5-4ECF-A13A-ADFCAFC2428F",
        f"{ANDROID} musical_ly_2022704050 JsSdk/1.0 NetType/WIFI Channel/googleplay AppName/musical_ly "
        "app_version/27.4.5 ByteLocale/en ByteFullLocale/en Region/US Spark/1.2.4-alpha.5",
    ],
    "Pinterest": [f"{IOS} Mobile/15E148 [Pinterest/iOS]", f"{ANDROID} [Pinterest/Android]"],
    "X (Twitter)": [
        f"{IOS} Mobile/15C153 Twitter for iPhone/7.19",
        f"{ANDROID} TwitterAndroid",
    ],
    "WeChat": [
        f"{IOS} Mobile/15E148 MicroMessenger/8.0.49(0x18003137) NetType/WIFI Language/zh_CN",
    ],
    "Line": [f"{IOS} Mobile/15E148 Safari Line/14.9.1", f"{ANDROID} Line/14.8.0/IAB"],
    "Telegram": [f"{ANDROID} Telegram-Android/11.14.1 (Google Pixel 7; Android 14; SDK 34; HIGH)"],
    # A browser inside an app that does not say which.
    "Safari": [f"{IOS} Mobile/15E148", f"{IOS} Version/17.5 Mobile/15E148 Safari/604.1"],
    "Chrome": [ANDROID],
}


def counted(dimension: str) -> Tally[str]:
    count_hits(current_app)
    rows = db.session.execute(
        select(Counter.value, Counter.count).where(Counter.dimension == dimension)
    )
    return Tally(dict(rows.all()))


@pytest.mark.usefixtures("session")
def test_a_browser_inside_an_app_has_the_name_of_the_app(client: FlaskClient) -> None:
    for headers in APPS.values():
        for header in headers:
            assert "X-Consent" not in hit(client, **{"User-Agent": header}).headers, header

    assert counted("browser") == {name: len(headers) for name, headers in APPS.items()}
    assert set(counted("system")) == {"Android", "iOS", "Other"}
    assert counted("device")["other"] == 1
    assert set(counted("device")) == {"phone", "other"}


@pytest.mark.usefixtures("session")
def test_a_name_that_anybody_can_choose_is_other(client: FlaskClient) -> None:
    television = "Mozilla/5.0 (Linux) HbbTV/1.2.1 (;Kari;Nordmann;2014;) Presto/2.12"
    assert "X-Consent" not in hit(client, **{"User-Agent": television}).headers

    assert counted("browser") == {"HbbTV": 1}
    assert counted("system") == {"Other": 1}
