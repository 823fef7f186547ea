"""Members: accounts, sessions, second factors, invitations, roles, API tokens, and the audit log.

The pages where they log in are in web/dashboard/.
"""
