"""What a website's own web server needs to pass a path of it on to this server."""

NGINX = """\
# nginx, within the website's server { … }
location {path}/e/ {
    proxy_pass {address}/e/;
    proxy_ssl_server_name on;
    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    proxy_set_header X-Forwarded-Proto $scheme;
}"""

CADDY = """\
# Caddy, within the website's block
handle {path}/e/* {
    uri strip_prefix {path}
    reverse_proxy {address} {
        header_up Host {upstream_hostport}
    }
}"""


def lines(path: str, address: str) -> str:
    """For nginx and for Caddy. Only what websites load and send is passed on, no page for people."""
    return "\n\n".join(
        each.replace("{path}", path).replace("{address}", address) for each in (NGINX, CADDY)
    )
