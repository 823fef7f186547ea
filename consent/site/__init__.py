"""The site file: its schema and mistakes, how it is edited, and the versions that are stored of it.

No pages and no statistics; `schema` and what it imports load neither Flask nor a database.
"""
