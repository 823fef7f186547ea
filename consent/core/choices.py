"""Words that commands let people choose from. They lie apart from the rules that know them, which take long to load."""

from datetime import timedelta

# What each may do, the next one that and more. A viewer reads; an editor changes and publishes the site file, and gives
# out tokens; an owner says who else may.
ROLES = ("viewer", "editor", "owner")
# What a token may open.
SCOPES = ("stats", "versions", "decisions")
TOKEN_LIFETIME = timedelta(days=365)
# Of the pages of staff.
STAFF_LANGUAGES = ("en", "nb", "nn")
