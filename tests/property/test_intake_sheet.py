"""Whatever stands in a deal sheet, it is read, or refused in one line; and what is read is what AWS's model allows."""

import csv
import io
from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from unicodedata import bidirectional, category, name

import polars as pl
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pipelines.errors import ConfigurationError
from pipelines.intake.cells import IDENTIFYING, SHEET_COLUMNS
from pipelines.intake.deals import LISTS, MONEY, Deal, Reason
from pipelines.intake.sheet import Sheet, read_sheet
from pipelines.sandbox.validation import shape_check

SHAPES = {
    "opportunity_id": "OpportunityIdentifier",
    "partner_opportunity_id": "CreateOpportunityRequestPartnerOpportunityIdentifierString",
    "tcv": "Amount",
    "currency": "CurrencyCode",
    "title": "ProjectTitleString",
    "customer_name": "AccountCompanyNameString",
    "country_code": "CountryCode",
    "postal_code": "AddressPostalCodeString",
    "website": "WebsiteUrl",
    "industry": "Industry",
    "stage": "Stage",
    "target_close_date": "Date",
    "business_problem": "ProjectCustomerBusinessProblemString",
}
"""The columns of one text, and the shape of the service model that describes it. `state` and `use_case` have none."""
KNOWN = ["O1", "O2", "CRM-1", "531", "531.", "0.5", "1.005", "-1", "01", "1e3", "9" * 31, "9" * 32, "36", "36.0"]
KNOWN += ["145", "USD", "usd", "US", "Prospect", "prospect", "Retail", "Energy", "Other", "Other;Resell", "S-1", ";"]
KNOWN += ["S-1;S-2", "2027-03-31", "2026-02-31", "2027-3-1", "https://example.com", "a.b", 'a "quoted", text', "\ufeff"]
KNOWN += ["x" * length for length in (20, 21, 64, 65, 120, 121, 255, 256, 2000, 2001)]
hidden = st.sampled_from("\t\r\n\a\x1b\x7f\x85\xad\u061c\u200b\u200d\u200e\u2028\u202e\u2060\u2066\ufeff").map(
    "at least {}20 letters".format
)
cells = st.sampled_from(KNOWN) | st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | hidden
amounts = st.from_regex(r"-?[0-9]{0,34}(\.[0-9]{0,3})?", fullmatch=True)
days = st.dates(date(1000, 1, 1)).map(str) | st.from_regex(r"20[0-9]{2}-[01][0-9]-[0-3][0-9]", fullmatch=True)
Row = dict[str, str]


OPTIONAL = [column for column in SHEET_COLUMNS if column not in (*MONEY, *IDENTIFYING)]
NEEDED = [[*IDENTIFYING, *MONEY], ["opportunity_id", *MONEY], ["opportunity_id"], list(MONEY)]


@st.composite
def sheets(draw: st.DrawFn) -> list[Row]:
    """Rows of cells under columns that a sheet may have, in any order; now and then one that it needs is missing."""
    columns = draw(st.sampled_from(NEEDED)) + draw(st.lists(st.sampled_from(OPTIONAL), unique=True))
    row = st.fixed_dictionaries(dict.fromkeys(draw(st.permutations(columns)), cells))
    return draw(st.lists(row, min_size=1, max_size=4))


@st.composite
def files(draw: st.DrawFn) -> bytes:
    """A sheet in which some bytes have been replaced wherever they stood."""
    return written(draw(sheets())).replace(draw(st.binary(min_size=1, max_size=2)), draw(st.binary(max_size=2)))


def written(rows: Sequence[Row]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]), quoting=csv.QUOTE_ALL)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def outcome(write: Callable[[Path], object]) -> Sheet | str:
    """What becomes of a file that is written so: its deals, or the one line."""
    with TemporaryDirectory() as directory:
        path = Path(directory) / "deals"
        write(path)
        try:
            return read_sheet(path)
        except ConfigurationError as error:
            return str(error).removeprefix(str(path))


def deal_with(column: str, cell: str) -> Deal:
    """The deal of a sheet with one cell of interest."""
    sound = {"partner_opportunity_id": "CRM-1", "tcv": "1", "currency": "EUR", "contract_months": "1"}
    sheet = outcome(lambda path: path.write_bytes(written([{**sound, column: cell}])))
    assert isinstance(sheet, Sheet)
    (deal,) = sheet.deals
    return deal


@settings(max_examples=200)
@given(sheets())
def test_any_cells_are_read_or_refused_in_one_line(rows: list[Row]) -> None:
    found = outcome(lambda path: path.write_bytes(written(rows)))
    if isinstance(found, str):
        assert found.isprintable()
        return
    for deal in found.deals:
        assert set(deal.wanted) <= set(SHEET_COLUMNS) - set(IDENTIFYING)
        assert all(reason.text.isprintable() and reason.column not in deal.wanted for reason in deal.reasons)
        assert deal.reasons or (set(MONEY) <= set(deal.wanted) and (deal.opportunity_id or deal.partner_opportunity_id))


@settings(max_examples=200)
@given(st.binary(max_size=60) | files())
def test_any_file_is_read_or_refused_in_one_line(content: bytes) -> None:
    found = outcome(lambda path: path.write_bytes(content))
    assert isinstance(found, Sheet) or found.isprintable()


@settings(max_examples=200)
@given(sheets(), st.booleans())
def test_csv_and_parquet_of_a_sheet_give_the_same_deals(rows: list[Row], is_null: bool) -> None:
    """But for null bytes, which no CSV has. An empty cell of Parquet is a null or an empty text."""
    rows = [{column: cell.replace("\0", "") for column, cell in row.items()} for row in rows]
    typed = pl.DataFrame(rows, dict.fromkeys(rows[0], pl.String))
    if is_null:
        typed = typed.with_columns(pl.all().replace("", None))
    assert outcome(lambda path: path.write_bytes(written(rows))) == outcome(typed.write_parquet)


@settings(max_examples=600)
@given(st.sampled_from(sorted(SHAPES)), st.data())
def test_a_text_is_taken_if_the_service_model_allows_it(column: str, data: st.DataObject) -> None:
    """The sandbox's check of requests is the other reader of the model. A day must be one of the calendar besides,
    and nothing hidden may stand in a text."""
    cell = data.draw({"tcv": amounts | cells, "target_close_date": days | cells}.get(column, cells)).strip()
    assume(cell and "\0" not in cell)
    is_allowed = not list(shape_check(SHAPES[column])(cell, "")) and not has_hidden(column, cell)
    if column == "target_close_date":
        is_allowed = is_allowed and is_day(cell)
    deal = deal_with(column, cell)
    values = {
        **deal.wanted,
        "opportunity_id": deal.opportunity_id,
        "partner_opportunity_id": deal.partner_opportunity_id,
    }
    assert [reason.column for reason in deal.reasons] == ([] if is_allowed else [column])
    assert values.get(column) == ((Decimal(cell) if column == "tcv" else cell) if is_allowed else None)


def has_hidden(column: str, text: str) -> bool:
    """Whether a text has controls, line breaks, what turns its direction or what has no width; those of several lines
    may have breaks, and all but identifiers what joins letters."""
    texts = text.translate(dict.fromkeys(map(ord, "\t\r\n"))) if column == "business_problem" else text
    if column == "partner_opportunity_id" and not text.isprintable():
        return True
    directions = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
    return any(
        category(character) in {"Cc", "Zl", "Zp"}
        or character in "\u00ad\u200b\ufeff"
        or "\u2060" <= character <= "\u2069"
        or bidirectional(character) in directions
        or (category(character) == "Cf" and name(character, "").endswith(" MARK"))
        for character in texts
    )


def is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


@settings(max_examples=200)
@given(st.sampled_from([column for column in SHEET_COLUMNS if column not in LISTS]), st.text(max_size=300))
def test_a_reason_never_repeats_the_cell(column: str, text: str) -> None:
    cell = f"\u00a7{text.encode(errors='ignore').decode()}\u00a7".replace("\0", "")
    reasons: Sequence[Reason] = deal_with(column, cell).reasons
    assert all("\u00a7" not in reason.text for reason in reasons)
