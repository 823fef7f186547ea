"""Statistics: closing a day, withholding what could point at somebody, and answering questions.

Nothing here writes a counter of an open day.
"""
