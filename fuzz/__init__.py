"""Asks every parser, the API and the hot paths what they make of input that nobody would send on purpose.

`make fuzz` runs it, `python -m fuzz --help` says how. targets.py lists what is asked and what has to hold. Inputs that
are kept (seeds/) are valid ones of our own; what is found lies in .fuzz/, which is not committed.
"""
