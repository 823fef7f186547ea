"""Pictures of figures, drawn as SVG on the server.

What draws them is loaded with the first picture: few of a server's processes ever draw one.
"""

from collections.abc import Collection, Sequence
from functools import cache
from typing import Any
from xml.etree import ElementTree

from flask_babel import format_number, format_percent, gettext

from consent.core import extras
from consent.core.paths import FONTS

# A title, and a figure for each label.
Series = Sequence[tuple[str, Sequence[int | None]]]

# Roboto, for pictures that are drawn here; docs/reports.md says how the file was made.
FONT, FONT_FAMILY = FONTS / "roboto-latin.ttf", "Roboto"
# Of a PNG, for each of the picture's own.
PIXELS = 2.5

# A picture follows the reader's colours, not the page's.
DARK = "@media (prefers-color-scheme: dark) { text { fill: #a5b0bf !important } }"
STYLE = {
    "background": "transparent",
    "plot_background": "transparent",
    "foreground": "#5b6472",
    "foreground_strong": "#5b6472",
    "foreground_subtle": "#8a93a1",
    "guide_stroke_color": "#8a93a1",
    "major_guide_stroke_color": "#8a93a1",
    "colors": ("#2f6fdb", "#e08a1e"),
    "font_family": "system-ui, sans-serif",
    "label_font_size": 13,
    "major_label_font_size": 13,
    "legend_font_size": 15,
    "value_font_size": 13,
    "no_data_font_size": 18,
    "opacity": 1,
    "opacity_hover": 1,
    "transition": "0s",
}


@cache
def _pygal() -> Any:
    import pygal
    from pygal.etree import etree

    # Where lxml is installed, pygal 3.1 draws with its elements, which the standard library cannot write.
    etree.to_etree()
    return pygal


def bars(series: Series, labels: Sequence[str], narrow: bool = False) -> bytes:
    """Bars of one or more series, as SVG."""
    chart = _pygal().Bar(spacing=6, show_legend=len(series) > 1, **_common(labels, narrow))
    chart.y_labels = _ticks(
        max((value or 0 for _, values in series for value in values), default=0)
    )
    chart.value_formatter = lambda value: format_number(round(value)) if value is not None else ""
    for title, values in series:
        chart.add(title, values)
    return _drawn(chart)


def shares(
    title: str,
    values: Sequence[float | None],
    labels: Sequence[str],
    marked: Collection[int],
    mark: str,
    narrow: bool = False,
) -> bytes:
    """A line of shares from 0 to 1, as SVG; some places are marked, for what happened then."""
    chart = _pygal().Line(
        range=(0, 1),
        allow_interruptions=True,
        show_legend=bool(marked),
        dots_size=4,
        **_common(labels, narrow),
    )
    chart.value_formatter = lambda value: format_percent(value) if value is not None else ""
    chart.y_labels = [0, 0.25, 0.5, 0.75, 1]
    chart.add(title, values)
    if marked:
        places = [0 if place in marked else None for place in range(len(labels))]
        chart.add(mark, places, stroke=False, dots_size=7)
    return _drawn(chart)


def png(svg: bytes) -> bytes:
    """The same picture for mail programs, which show no SVG: on white, and the same on every machine.

    Raises NotInstalled if resvg is missing.
    """
    extras.require("report")
    import resvg_py

    return resvg_py.svg_to_bytes(
        svg_string=svg.decode(),
        background="#ffffff",
        zoom=PIXELS,
        skip_system_fonts=True,
        font_files=[str(FONT)],
        font_family=FONT_FAMILY,
        sans_serif_family=FONT_FAMILY,
    )


def _ticks(largest: int) -> list[int]:
    """Four or five round numbers from 0 to beyond the largest."""
    step = 1
    while step * 4 < largest:
        step = step * 5 // 2 if str(step)[0] == "2" else step * 2
    return [step * each for each in range(5) if step * (each - 1) < largest] or [0, 1]


def _common(labels: Sequence[str], narrow: bool) -> dict[str, Any]:
    step = max(1, -(-len(labels) // (4 if narrow else 8)))
    return {
        "style": _pygal().style.Style(**STYLE),
        # No script and no style sheet from elsewhere.
        "js": [],
        "css": ["file://style.css", "file://graph.css", f"inline:{DARK}"],
        "width": 440 if narrow else 880,
        "height": 300,
        "margin": 4,
        "legend_at_bottom": True,
        "legend_at_bottom_columns": 2,
        "x_labels": list(labels),
        "x_labels_major": list(labels[::step]),
        "show_minor_x_labels": False,
        "truncate_label": -1,
        "include_x_axis": True,
        "no_data_text": gettext("No data for this period"),
        "disable_xml_declaration": True,
    }


def _drawn(chart: Any) -> bytes:
    tree = chart.render_tree()
    # It leaves its settings behind for a script that is not there.
    for parent in list(tree.iter()):
        for script in parent.findall("script"):
            parent.remove(script)
    drawn: bytes = ElementTree.tostring(tree, encoding="utf-8")
    return drawn
