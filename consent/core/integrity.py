"""Subresource Integrity (https://www.w3.org/TR/sri-2/): what a browser holds a body against before it uses it."""

import base64
import hashlib


def integrity(body: str) -> str:
    """The value of an `integrity` attribute for `body`, in UTF-8."""
    return f"sha256-{base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()}"
