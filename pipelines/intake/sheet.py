"""A deal sheet: the deals that a partner's CRM or spreadsheet hands over, as CSV or Parquet."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from pipelines.errors import ConfigurationError
from pipelines.intake.cells import EMPTY, IDENTIFYING, SHEET_COLUMNS, read_cell
from pipelines.intake.deals import MONEY, Deal, Reason, Value
from pipelines.intake.sheet_file import ReadCell, in_line, read_table, shown

NEEDED = f"a sheet needs {' or '.join(IDENTIFYING)}, and {', '.join(MONEY)}"


@dataclass(frozen=True, slots=True)
class Sheet:
    """The deals of a sheet, one for each row that is not blank.

    `unknown_columns` are those that are not read, each with the column that may have been meant in brackets.
    """

    deals: list[Deal]
    unknown_columns: list[str]


def read_sheet(path: Path) -> Sheet:
    """Read a deal sheet; what is wrong in a cell is a reason of its deal.

    Raises ConfigurationError for a file that is none, for a missing or repeated column, for a row with more cells
    than the header, and for two rows about one opportunity.
    """
    table, where = read_table(path), in_line(str(path))
    names = [name.strip().lower() for name in table.names]
    _check_names(where, names)
    deals = [_deal(row, names, cells) for row, cells in table.rows]
    check_rows_differ(deals, f"{where}: ")
    unknown = [name for name in names if name and name not in SHEET_COLUMNS]
    return Sheet(deals, [_with_nearest(name) for name in unknown] + _unnamed(names, table.rows))


def check_rows_differ(deals: Iterable[Deal], where: str = "") -> None:
    """Raise ConfigurationError when two rows are about one opportunity; `where` begins its line."""
    seen: dict[tuple[str, str], int] = {}
    for deal in deals:
        for column in IDENTIFYING:
            identifier = getattr(deal, column)
            if identifier is None:
                continue
            first = seen.setdefault((column, identifier), deal.row)
            if first != deal.row:
                which = identifier if column == "opportunity_id" else f"the same {column}"
                raise ConfigurationError(
                    f"{where}rows {first} and {deal.row} are about one opportunity ({which}): keep one of them"
                )


def _check_names(where: str, names: Sequence[str]) -> None:
    for name, times in Counter(names).items():
        if name and times > 1:
            raise ConfigurationError(f"{where} has the column {shown(name)} twice: keep one of them")
    if not any(name in names for name in IDENTIFYING):
        raise ConfigurationError(f"{where} has no column {' or '.join(IDENTIFYING)}: {NEEDED}")
    if missing := [name for name in MONEY if name not in names]:
        raise ConfigurationError(f"{where} has no column {', '.join(missing)}: {NEEDED}")


def _deal(row: int, names: Sequence[str], cells: Sequence[ReadCell]) -> Deal:
    filled = {name: cell for name, cell in zip(names, cells, strict=False) if cell and name in SHEET_COLUMNS}
    values: dict[str, Value] = {}
    reasons = list(_row_reasons(len(cells) < len(names), filled))
    for column in SHEET_COLUMNS:
        if column in filled:
            cell = filled[column]
            found = cell if isinstance(cell, Reason) else read_cell(column, cell)
            if isinstance(found, Reason):
                reasons.append(Reason(column, found.text))
            else:
                values[column] = found
        elif column in MONEY:
            reasons.append(Reason(column, EMPTY))
    identifiers = [values.pop(column, None) for column in IDENTIFYING]
    opportunity_id, partner_opportunity_id = (None if value is None else str(value) for value in identifiers)
    return Deal(row, opportunity_id, partner_opportunity_id, values, tuple(reasons))


def _row_reasons(is_short: bool, filled: Mapping[str, ReadCell]) -> Iterable[Reason]:
    if is_short:
        yield Reason(None, "the row has fewer cells than the header: it may be cut off; complete it")
    if not any(column in filled for column in IDENTIFYING):
        yield Reason(None, f"the row has no identifier: fill in {' or '.join(IDENTIFYING)}")


def _with_nearest(name: str) -> str:
    nearest = get_close_matches(name[:100], SHEET_COLUMNS, n=1, cutoff=0.75)
    return f"{shown(name)} ({nearest[0]}?)" if nearest else shown(name)


def _unnamed(names: Sequence[str], rows: Iterable[tuple[int, Sequence[ReadCell]]]) -> list[str]:
    """Name the columns that have values and no name by their place."""
    filled = {place for _, cells in rows for place, cell in enumerate(cells) if cell}
    return [
        f"column {place + 1}, which has no name" for place, name in enumerate(names) if not name and place in filled
    ]
