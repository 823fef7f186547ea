"""`consent serve`: worker processes, and the tasks that run beside them.

What is served belongs to web/.
"""
