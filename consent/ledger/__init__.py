"""Decisions: how they are checked, recorded once, found, erased and proved.

Counting decisions belongs to stats/.
"""
