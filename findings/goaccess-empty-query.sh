#!/usr/bin/env bash
# GoAccess 1.7 counts a page of IIS or CloudFront that was asked for without a query as `/?-`.
#
# Expected: the W3C's extended format writes `-` for an empty field, so a line with `cs-uri-query` `-` is about `/`, and is
# counted together with what other servers' logs say of `/`.
# Seen: with its own formats W3C and CLOUDFRONT the page is called `/?-`, as if `-` had been asked for. The same page in
# a log of Apache or nginx is `/`, so one page stands in two rows.
# What Samtykke does: an empty query is none.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
chmod 755 "$folder"
apt-get download -qq goaccess=1:1.7-1 libmaxminddb0 2> /dev/null
for package in *.deb; do dpkg -x "$package" root; done
LD_LIBRARY_PATH=$(dirname "$(find "$folder/root" -name 'libmaxminddb.so.0')")
export LD_LIBRARY_PATH
cat > iis.log <<'LOG'
#Software: Microsoft Internet Information Services 10.0
#Version: 1.0
#Date: 2026-11-28 08:03:04
#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status time-taken
2026-11-28 08:03:04 10.0.0.4 GET / - 443 - 203.0.113.9 Mozilla/5.0+(X11;+Linux+x86_64;+rv:140.0)+Gecko/20100101+Firefox/140.0 - 200 0 0 15
2026-11-28 08:03:05 10.0.0.4 GET /shop page=2 443 - 203.0.113.9 Mozilla/5.0+(X11;+Linux+x86_64;+rv:140.0)+Gecko/20100101+Firefox/140.0 - 200 0 0 15
LOG
cat > apache.log <<'LOG'
203.0.113.9 - - [28/Nov/2026:08:03:04 +0000] "GET / HTTP/1.1" 200 15 "-" "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
LOG
pages() { # format, log
  root/usr/bin/goaccess "$2" --no-global-config --log-format="$1" -o found.json > /dev/null 2>&1
  python3 -c 'import json; print(*sorted(each["data"] for each in json.load(open("found.json"))["requests"]["data"]))'
}
iis=$(pages W3C iis.log)
apache=$(pages COMBINED apache.log)
root/usr/bin/goaccess --version | head -1
echo "expected: of IIS / and /shop?page=2, of Apache /"
echo "seen: of IIS $iis, of Apache $apache"
[ "$iis" = "/?- /shop?page=2" ] && [ "$apache" = "/" ]
