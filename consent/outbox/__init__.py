"""What is done later and tried again: announcements, webhooks, reports.

What is done at once belongs elsewhere.
"""
