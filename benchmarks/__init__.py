"""Measures what the server and its banner cost, beside others that do the same job."""
