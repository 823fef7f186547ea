"""Page views: what is kept of a hit or of a line of a log, and how it is added to the counters.

What may be shown of the counters belongs to stats/.
"""
