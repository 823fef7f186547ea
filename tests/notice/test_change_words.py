"""Changes as visitors read them: each part of the notice has a name in words."""

from flask import Flask
from flask_babel import force_locale

from consent.notice import change_words
from consent.site.schema import SiteFile


def test_each_table_has_a_name(app: Flask) -> None:
    with app.app_context(), force_locale("en"):
        # Visitors see no changes of the banner's looks.
        bare = [
            table
            for table in SiteFile.model_fields
            if table != "looks" and change_words._part((table,)) == table
        ]

    assert bare == [], "add them to _part() in consent/notice/change_words.py"
