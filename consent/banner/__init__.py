"""The embed script of a version, and the versions that a process holds to answer from.

What the browser runs is in static/embed/.
"""
