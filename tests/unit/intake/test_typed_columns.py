"""A Parquet file has typed columns: they mean what they say, and a type that a column cannot have is refused."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from test_cells import AMOUNT, DAY, HIDDEN, MONTHS

from pipelines.errors import ConfigurationError
from pipelines.intake.deals import Deal, Reason
from pipelines.intake.sheet import Sheet, read_sheet

TOO_LONG = "has more than the 15 digits that a float keeps: write the column as decimal or text"
WANTED = {"tcv": Decimal("120000.50"), "currency": "EUR", "contract_months": 36}
ReadFrame = Callable[[dict[str, Any]], Sheet]


@pytest.fixture
def read_parquet(tmp_path: Path) -> ReadFrame:
    """Read a Parquet file with one row, O1 over EUR 120000.50 for 36 months but for these columns."""

    def read_frame(columns: dict[str, Any]) -> Sheet:
        sound = {"opportunity_id": "O1", "tcv": "120000.50", "currency": "EUR", "contract_months": "36"}
        path = tmp_path / "deals.csv"  # its first bytes tell what it is
        pl.DataFrame(
            {name: value if isinstance(value, pl.Series) else [value] for name, value in {**sound, **columns}.items()}
        ).write_parquet(path)
        return read_sheet(path)

    return read_frame


@pytest.mark.parametrize(
    ("columns", "column", "value"),
    [
        ({"tcv": 120000}, "tcv", "120000"),
        ({"tcv": 120000.5}, "tcv", "120000.5"),
        ({"tcv": 1e16}, "tcv", "10000000000000000"),
        ({"tcv": 9999999999999.99}, "tcv", "9999999999999.99"),
        ({"contract_months": pl.Series([36], dtype=pl.Float32)}, "contract_months", "36"),
        ({"tcv": pl.Series([Decimal("120000.50")], dtype=pl.Decimal(38, 2))}, "tcv", "120000.50"),
        ({"tcv": pl.Series([Decimal("120000.5")], dtype=pl.Decimal(18, 6))}, "tcv", "120000.50"),
        ({"contract_months": 36}, "contract_months", "36"),
        ({"contract_months": 36.0}, "contract_months", "36"),
        ({"currency": pl.Series(["EUR"], dtype=pl.Categorical)}, "currency", "EUR"),
        ({"postal_code": 10115}, "postal_code", "10115"),
        ({"target_close_date": date(2027, 3, 31)}, "target_close_date", "2027-03-31"),
        ({"target_close_date": datetime(2027, 3, 31)}, "target_close_date", "2027-03-31"),  # noqa: DTZ001
        ({"solution_ids": pl.Series([["S-1", None, " S-2 "]])}, "solution_ids", "('S-1', 'S-2')"),
        ({"solution_ids": "S-1;S-2"}, "solution_ids", "('S-1', 'S-2')"),
    ],
)
def test_a_typed_column_means_what_it_says(
    read_parquet: ReadFrame, columns: dict[str, Any], column: str, value: str
) -> None:
    (deal,) = read_parquet(columns).deals
    assert deal.reasons == ()
    assert str(deal.wanted[column]) == value


@pytest.mark.parametrize(
    ("columns", "column", "reason"),
    [
        ({"tcv": 0.1 + 0.2}, "tcv", "has more than 2 decimals: round it to the cent"),
        ({"tcv": 90071992547409.93}, "tcv", TOO_LONG),
        ({"tcv": 9007199254740993.0}, "tcv", TOO_LONG),
        ({"tcv": float("nan")}, "tcv", AMOUNT),
        ({"tcv": float("inf")}, "tcv", AMOUNT),
        (
            {"tcv": pl.Series(["1.005"]).cast(pl.Decimal(18, 6))},
            "tcv",
            "has more than 2 decimals: round it to the cent",
        ),
        ({"tcv": None}, "tcv", "is empty: every row needs it"),
        ({"contract_months": 36.5}, "contract_months", MONTHS),
        ({"target_close_date": datetime(2027, 3, 31, 9)}, "target_close_date", DAY),  # noqa: DTZ001
        ({"target_close_date": pl.Series([10**9], dtype=pl.Int32).cast(pl.Date)}, "target_close_date", DAY),
        ({"target_close_date": pl.Series([10**15]).cast(pl.Datetime("ms"))}, "target_close_date", DAY),
        ({"title": "a\0b"}, "title", HIDDEN),
    ],
)
def test_a_typed_value_may_be_as_bad_as_a_text(
    read_parquet: ReadFrame, columns: dict[str, Any], column: str, reason: str
) -> None:
    (deal,) = read_parquet(columns).deals
    assert deal.reasons == (Reason(column, reason),)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("partner_opportunity_id", 1001.0),  # what a missing value elsewhere in the column makes of 1001
        ("postal_code", 10115.0),
        ("tcv", True),
        ("tcv", date(2027, 3, 31)),
        ("title", pl.Series([["a"]])),
        ("title", b"a"),
        ("target_close_date", 20270331.0),
        ("target_close_date", datetime(2027, 3, 31, tzinfo=UTC)),  # a day only where the clock is UTC's
    ],
)
def test_a_column_of_a_type_that_it_cannot_have_is_refused(
    tmp_path: Path, read_parquet: ReadFrame, column: str, value: object
) -> None:
    with pytest.raises(ConfigurationError, match=rf"deals\.csv: its column {column} is of type .*: write it as text$"):
        read_parquet({column: value})


def test_a_float_too_short_for_amounts_is_refused(read_parquet: ReadFrame) -> None:
    """1234567.89 would be 1234567.9."""
    with pytest.raises(ConfigurationError, match=r"its column tcv is of type float, too short: write it as decimal or"):
        read_parquet({"tcv": pl.Series([1234567.89], dtype=pl.Float32)})


def test_columns_of_parquet_that_are_not_known_may_have_any_type(read_parquet: ReadFrame) -> None:
    sheet = read_parquet({"labels": pl.Series([{"a": 1}]), "score": 0.5})
    assert sheet == Sheet([Deal(2, "O1", None, WANTED)], ["labels", "score"])


def test_a_damaged_parquet_file_is_refused_or_read(tmp_path: Path) -> None:
    """Every third byte, one after another: its pages have no checksums, so that some damage cannot be seen."""
    path = tmp_path / "deals.parquet"
    row = {"opportunity_id": "O1", "tcv": 120000.5, "currency": "EUR", "contract_months": 36}
    pl.DataFrame([row]).write_parquet(path)
    whole = path.read_bytes()
    tried = range(4, len(whole), 3)
    refused = []
    for position in tried:
        path.write_bytes(whole[:position] + bytes([whole[position] ^ 0xFF]) + whole[position + 1 :])
        try:
            read_sheet(path)
        except ConfigurationError as error:
            refused.append(str(error))
    assert refused.count(f"{path} is a damaged Parquet file: write it again") > len(tried) / 3
