#!/usr/bin/env bash
# A file that mmdb_writer 0.2.7 makes for IPv4 and IPv6 knows no IPv4-mapped addresses.
#
# Expected: a server that listens on IPv6 sees IPv4 visitors as ::ffff:81.2.69.1. MaxMind's own files have an alias for
# these (MaxMind DB specification, "IPv4 addresses in an IPv6 tree"), and `ipv4_compatible=True` sounds like the same.
# Seen: the writer puts IPv4 under ::/96 and makes no alias, so the mapped address of a network that is in the file gives
# nothing, in Python's and in Node's reader alike, and no error. Each such visitor has an unknown network.
# What Samtykke does: it looks an IPv4-mapped address up as the IPv4 address.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check mmdb_writer==0.2.7 maxminddb==2.8.2 netaddr==1.3.0
npm init -y > /dev/null
npm install --silent --no-audit --no-fund --save-exact maxmind@4.3.23
cat > run.py <<'PY'
import subprocess
import sys
from importlib.metadata import version

import maxminddb
from mmdb_writer import MMDBWriter
from netaddr import IPSet

writer = MMDBWriter(ip_version=6, ipv4_compatible=True, database_type="Example-ASN")
writer.insert_network(IPSet(["81.2.69.0/24"]), {"autonomous_system_organization": "Example Net"})
writer.to_db_file("example.mmdb")
reader = maxminddb.open_database("example.mmdb")
python = [reader.get(address) is not None for address in ("81.2.69.1", "::ffff:81.2.69.1")]
script = """
  require("maxmind").open("example.mmdb").then((reader) => console.log(
    ["81.2.69.1", "::ffff:81.2.69.1"].map((address) => reader.get(address) !== null).join()))
"""
node = subprocess.run(["node", "-e", script], capture_output=True, text=True, check=True).stdout
print("mmdb_writer", version("mmdb_writer"), "maxminddb", version("maxminddb"), "maxmind (npm) 4.3.23")
print("expected: 81.2.69.1 and ::ffff:81.2.69.1 are both found")
print("seen: Python", python, "Node", node.strip())
sys.exit(0 if python == [True, False] and node.strip() == "true,false" else 1)
PY
venv/bin/python run.py
