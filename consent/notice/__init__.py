"""The privacy notice: what a version says, how versions differ, drafts, and publishing.

No pages: those are in web/.
"""
