"""What a section of the report is made of."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from pipelines.report.cells import Figure, Table
from pipelines.report.charts import Chart


@dataclass(frozen=True, slots=True)
class Tile:
    """One headline figure, and how it has changed."""

    label: str
    figure: Figure
    note: str


@dataclass(frozen=True, slots=True)
class Tiles:
    """Headline figures side by side."""

    tiles: Sequence[Tile]
    is_minor: bool = False

    kind = "tiles"


@dataclass(frozen=True, slots=True)
class SideBySide:
    """Charts that are to be compared."""

    charts: Sequence[Chart]
    is_three: bool = False

    kind = "charts"


@dataclass(frozen=True, slots=True)
class Panel:
    """What is seen when a model is chosen."""

    model: str
    label: str
    explanation: str
    charts: Sequence[Chart]


@dataclass(frozen=True, slots=True)
class Switch:
    """Panels of which one is seen."""

    legend: str
    panels: Sequence[Panel]

    kind = "switch"


@dataclass(frozen=True, slots=True)
class Details:
    """Tables behind a line that opens them."""

    summary: str
    table: Table

    kind = "details"


@dataclass(frozen=True, slots=True)
class Definitions:
    """Terms and what each means."""

    terms: Sequence[tuple[str, str, str]]

    kind = "definitions"


Block = Tiles | SideBySide | Switch | Details | Definitions | Chart | Table


@dataclass(frozen=True, slots=True)
class Section:
    """One section: its name in the page, its title, what there is to say, and what there is to see."""

    id: str
    title: str
    text: Sequence[str]
    blocks: Sequence[Block] = field(default_factory=tuple)
