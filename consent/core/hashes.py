"""What is stored of a secret that the program made up itself."""

import hashlib


def of_secret(secret: str) -> str:
    """SHA-256, in hex. A slow hash would add nothing: what is hashed is random, and too long to be guessed."""
    return hashlib.sha256(secret.encode()).hexdigest()
