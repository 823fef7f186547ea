#!/usr/bin/env bash
# user-agents 2.2.0 with ua-parser 1.0.2: a tablet that is a phone, and a headset that is a tablet and a computer at once.
#
# Expected: what ua-parser calls a Generic Tablet is_tablet, and a device is one of mobile, tablet and pc.
# Seen: Firefox on an Android tablet, whose header says Tablet, is_mobile and not is_tablet, since ua-parser's browser is
# Firefox Mobile on both. A Quest, whose header has X11 and which ua-parser knows to run Android, is_tablet and is_pc.
# What Samtykke does: it counts them as user-agents says, tablet before phone before computer.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check \
  user-agents==2.2.0 ua-parser==1.0.2 ua-parser-builtins==202610
"$folder/venv/bin/python" - <<'PYTHON'
import sys
from importlib.metadata import version

from user_agents import parse

FIREFOX = "Mozilla/5.0 (Android 15; {}; rv:143.0) Gecko/143.0 Firefox/143.0"
QUEST = (
    "Mozilla/5.0 (X11; Linux x86_64; Quest 3) AppleWebKit/537.36 (KHTML, like Gecko) "
    "OculusBrowser/35.0.0.1 Chrome/126.0.6478.122 VR Safari/537.36"
)

print(*(f"{name} {version(name)}" for name in ("user-agents", "ua-parser", "ua-parser-builtins")))
print("Expected: ua-parser's 'Generic Tablet' is_tablet, and no device is more than one of mobile, tablet and pc.")
print("Seen:")
seen = {}
headers = {"Firefox on a phone": FIREFOX.format("Mobile"), "Firefox on a tablet": FIREFOX.format("Tablet")}
for name, header in {**headers, "Quest 3": QUEST}.items():
    agent = parse(header)
    seen[name] = (agent.device.family, agent.is_mobile, agent.is_tablet, agent.is_pc)
    print(f"  {name}: {agent.device.family!r}, mobile {agent.is_mobile}, tablet {agent.is_tablet}, pc {agent.is_pc}")
tablet, quest = seen["Firefox on a tablet"], seen["Quest 3"]
sys.exit(0 if tablet == ("Generic Tablet", True, False, False) and quest[2:] == (True, True) else 1)
PYTHON
