"""Samtykke: a consent and privacy-notice server."""
