"""A plan, and what became of it, as a person sees them on the terminal."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import get_args

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipelines.intake.applying import Outcome
from pipelines.intake.deals import Action, Planned, Value
from pipelines.intake.plan import Plan
from pipelines.intake.sheet_file import in_line

PIPE_WIDTH = 10_000  # columns of text where nobody's terminal sets the width
NOTHING = "(none)"


def print_plan(plan: Plan, path: Path) -> None:
    """Print a row for each deal, the same that the plan's file says, and what to do next."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = PIPE_WIDTH
    table = Table(box=SIMPLE, show_edge=False)
    for heading in ("row", "CRM id", "opportunity", "action", "what and why"):
        table.add_column(heading, justify="right" if heading == "row" else "left")
    for planned in plan.rows:
        cells = (str(planned.row), planned.partner_opportunity_id, planned.opportunity_id, planned.action)
        table.add_row(*(Text(_printable(cell or "")) for cell in (*cells, "\n".join(_lines(planned)))))
    console.print(table)
    place = in_line(str(path))
    console.print(f"{_counts(plan.rows)}. Plan: {place}", soft_wrap=True, markup=False)
    if any(planned.action in {"update", "create"} for planned in plan.rows):
        console.print(f"Nothing is written yet. Next: cosell intake apply {place}", soft_wrap=True, markup=False)


def print_outcome(outcome: Outcome) -> None:
    """Print what became of a plan: the rows that are not done with the reason, and how many came to what."""
    console = Console(highlight=False, soft_wrap=True)
    for entry in outcome.problems:
        about = entry.opportunity_id or "new opportunity"
        console.print(Text(_printable(f"row {entry.row} ({about}): {entry.state}: {entry.reason}")))
    console.print(f"Applied: {outcome.summary()}.")


def _lines(planned: Planned) -> Iterator[str]:
    for change in planned.changes:
        stays = " (stays)" if change.before == change.after else ""  # sent together with what changes
        yield f"{change.column}: {_shown(change.before)} -> {_shown(change.after)}{stays}"
    yield from map(str, planned.reasons)


def _counts(rows: Sequence[Planned]) -> str:
    counts = Counter(planned.action for planned in rows)
    return ", ".join(f"{counts[action]:,} {action}" for action in get_args(Action))


def _shown(value: Value | None) -> str:
    if value is None:
        return NOTHING
    return "; ".join(value) if isinstance(value, tuple) else str(value)


def _printable(text: str) -> str:
    """Replace what might command a terminal or turn its text around."""
    return "".join(character if character.isprintable() or character == "\n" else "\ufffd" for character in text)
