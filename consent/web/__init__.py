"""Everything that answers HTTP: the embed endpoints, visitor pages, dashboard, API, health.

Views read input, call one rule and choose a template; no rules live here.
"""
