"""Pictures of figures, drawn as SVG on the server."""

from collections.abc import Sequence
from datetime import date
from xml.etree import ElementTree

import pygal
from babel.dates import format_date
from flask_babel import gettext
from pygal.style import Style

# A title, and a figure for each day.
Series = Sequence[tuple[str, Sequence[int | None]]]

# A picture follows the reader's colours, not the page's.
DARK = "@media (prefers-color-scheme: dark) { text { fill: #a5b0bf !important } }"
STYLE = Style(
    background="transparent",
    plot_background="transparent",
    foreground="#5b6472",
    foreground_strong="#5b6472",
    foreground_subtle="#8a93a1",
    colors=("#2f6fdb", "#e08a1e"),
    font_family="system-ui, sans-serif",
    label_font_size=13,
    major_label_font_size=13,
    legend_font_size=15,
    value_font_size=13,
    opacity=1,
    opacity_hover=1,
    transition="0s",
)


def bars(series: Series, days: Sequence[date], language: str) -> bytes:
    """Bars of one or more series, day by day, as SVG."""
    chart = pygal.Bar(
        style=STYLE,
        # No script and no style sheet from elsewhere.
        js=[],
        css=["file://style.css", "file://graph.css", f"inline:{DARK}"],
        width=880,
        height=300,
        margin=4,
        spacing=6,
        show_legend=len(series) > 1,
        legend_at_bottom=True,
        legend_at_bottom_columns=2,
        show_minor_x_labels=False,
        truncate_label=-1,
        y_labels_major_count=4,
        show_minor_y_labels=False,
        min_scale=4,
        include_x_axis=True,
        no_data_text=gettext("No figures to show in this period"),
        disable_xml_declaration=True,
        value_formatter=lambda value: f"{value:.0f}" if value is not None else "",
    )
    chart.x_labels = [format_date(day, "d MMM", locale=language) for day in days]
    step = max(1, len(days) // 8)
    chart.x_labels_major = [
        label for position, label in enumerate(chart.x_labels) if position % step == 0
    ]
    for title, values in series:
        chart.add(title, values)
    tree = chart.render_tree()
    # It leaves its settings behind for a script that is not there.
    for parent in list(tree.iter()):
        for script in parent.findall("script"):
            parent.remove(script)
    drawn: bytes = ElementTree.tostring(tree, encoding="utf-8")
    return drawn
