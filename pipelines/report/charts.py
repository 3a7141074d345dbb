"""Charts as drawings that need no script: Vega-Lite says what is to be seen, and it is drawn here and now."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import altair as alt
import vl_convert

from pipelines.report import format as write
from pipelines.report.cells import Table

VEGA_LITE = "6.4"
FONT = "Liberation Sans, Arial, Helvetica, sans-serif"  # the first comes with vl_convert: no machine measures another
WIDE, NARROW, HALF, THIRD = 920, 350, 440, 400  # pixels across; a half and a third fit a phone as they are
INK, QUIET, GRID = "#1b2733", "#52616f", "#dfe4e8"
BLUE, SKY, ORANGE, GREEN, GREY = "#0b4f8a", "#8cc5ec", "#c8500a", "#00795a", "#8a95a0"
"""After Okabe and Ito: told apart without seeing red or green, and in print by how dark they are."""
STAGE_COLOURS = ("#b8d5ee", "#86b8e0", "#5397cd", "#2472b2", "#0a3f73")
PURPLE, YELLOW = "#7a4a8c", "#e0a100"
LABEL_CHARACTERS = 22
RULE_CHARACTERS = 30
MONTH_NAME = 34  # pixels that the name of a month takes across
OTHER_ROOT = re.compile(r"^<svg[^>]*>|</svg>$")
TAG = re.compile(r"<[^<>]*>")
SCREEN_READER = re.compile(r' (?:role|aria-[a-z]+|pointer-events)="[^"]*"')

Rows = Sequence[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Drawing:
    """One SVG: its size, and what is inside its root."""

    width: int
    height: int
    marks: str
    is_wide: bool
    is_narrow: bool


@dataclass(frozen=True, slots=True)
class Chart:
    """One chart: what is to be seen in it, the same in words, and the same in numbers."""

    name: str
    title: str
    caption: str
    alternative: str
    drawings: Sequence[Drawing]
    table: Table
    is_open: bool = False

    kind = "chart"


@dataclass(frozen=True, slots=True)
class Frame:
    """The room of a drawing, and what of it is left free for labels."""

    width: int
    height: int
    left: int
    right: int
    top: int = 30
    bottom: int = 24


def drawn(chart: alt.LayerChart | alt.Chart, frame: Frame) -> Drawing:
    """Draw a chart to its size, for the screens that have room for it. It gives the same bytes on every machine."""
    sized = chart.properties(
        width=frame.width - frame.left - frame.right,
        height=frame.height - frame.top - frame.bottom,
        padding={"left": frame.left, "right": frame.right, "top": frame.top, "bottom": frame.bottom},
        autosize=alt.AutoSizeParams(type="none"),
    )
    svg = vl_convert.vegalite_to_svg(_themed(sized).to_dict(validate=False), vl_version=VEGA_LITE)
    marks = TAG.sub(lambda tag: SCREEN_READER.sub("", tag.group()), OTHER_ROOT.sub("", svg))
    return Drawing(frame.width, frame.height, marks, frame.width != NARROW, frame.width != WIDE)


def data(rows: Rows) -> alt.InlineData:
    """Hand rows to a chart; amounts become the nearest numbers that can be drawn."""
    return alt.InlineData(
        values=[
            {name: float(value) if isinstance(value, Decimal) else value for name, value in row.items()} for row in rows
        ]
    )


def label(text: str, characters: int = LABEL_CHARACTERS) -> str:
    """Shorten a text to what a chart has room for, without what would turn its direction or cannot be drawn."""
    plain = "".join(
        " " if unicodedata.category(character)[0] in "CZ" else character for character in text[: characters * 8]
    )
    plain, width = " ".join(plain.split()), 0
    for place, character in enumerate(plain):
        width += 2 if unicodedata.east_asian_width(character) in "WF" else 1
        if width > characters:
            return f"{plain[: max(1, place - 1)].rstrip()}{write.ELLIPSIS}"
    return plain or "(no visible text)"


def scale_of(amounts: Sequence[Decimal | None], currency: str) -> tuple[Decimal, str]:
    """Return what to divide amounts by so that they read well on an axis, and the name of that unit."""
    unit = write.unit_of(max((abs(amount) for amount in amounts if amount is not None), default=Decimal(0)))
    word = write.UNIT_WORDS.get(unit, write.power_of_ten(unit))
    return Decimal(1).scaleb(unit), f"{currency}, {word}" if word else currency


def colours(series: Sequence[str], shades: Sequence[str], frame: Frame, *, columns: int = 0) -> alt.Color:
    """Colour marks by series, with the names above the chart, in their order.

    They are in columns, or in one line where `columns` is 0.
    """
    legend = alt.Legend(
        orient="none",
        direction="horizontal",
        columns=columns,
        title=None,
        legendX=-frame.left if frame.width == NARROW else 0,
        legendY=-frame.top,
        labelLimit=0,
        symbolType="square",
    )
    return alt.Color("series:N", scale=alt.Scale(domain=list(series), range=list(shades)), legend=legend)


def months(rows: Rows, frame: Frame) -> alt.X:
    """Lay out months from left to right, and name as many as there is room for, the last among them."""
    names = [row["month"] for row in rows]
    every = -(-len(names) * MONTH_NAME // (frame.width - frame.left - frame.right)) or 1
    axis = alt.Axis(
        values=names[::-1][::every],
        labelAngle=0,
        labelExpr="split(datum.label, ' ')",
        ticks=False,
        labelPadding=6,
        labelOverlap=False,
    )
    return alt.X("month:O", sort=names, title=None, axis=axis)


def categories(field: str, names: Sequence[str]) -> alt.Y:
    """Lay out categories from top to bottom in the order of `names`."""
    axis = alt.Axis(ticks=False, domain=False, labelPadding=8, labelOverlap=False)
    return alt.Y(f"{field}:N", sort=list(names), title=None, axis=axis)


def amounts_axis(*, grid: bool = True) -> alt.Axis:
    """Put a few round numbers along an axis."""
    return alt.Axis(tickCount=4, domain=False, ticks=False, title=None, grid=grid)


def counts_axis() -> alt.Axis:
    """Put a few whole numbers along an axis."""
    return alt.Axis(tickCount=4, tickMinStep=1, format=",d", domain=False, ticks=False, title=None)


def _themed(chart: alt.LayerChart | alt.Chart) -> alt.LayerChart | alt.Chart:
    themed: alt.LayerChart | alt.Chart = (
        chart.configure(font=FONT, aria=False, background="transparent")
        .configure_view(stroke=None)
        .configure_axis(
            labelColor=INK,
            titleColor=QUIET,
            labelFontSize=12,
            titleFontSize=12,
            titleFontWeight="normal",
            gridColor=GRID,
            domainColor=GREY,
            tickColor=GREY,
            labelLimit=0,
        )
        .configure_legend(labelColor=INK, labelFontSize=12, symbolSize=110)
        .configure_text(color=INK, fontSize=12)
    )
    return themed
