"""What every room needs: settings, database, errors, languages, addresses.

Nothing here knows what a site, a notice or a decision is, and errors.py knows no Flask.
"""
