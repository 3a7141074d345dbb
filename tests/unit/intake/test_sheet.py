"""A sheet gives the deals that stand in it; a bad cell is a reason of its deal, and what is no sheet is refused."""

import codecs
import os
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from test_cells import CURRENCY, MONTHS, STAGES

from pipelines.errors import ConfigurationError
from pipelines.intake.deals import Deal, Reason
from pipelines.intake.sheet import Sheet, read_sheet

MONEY = "tcv,currency,contract_months"
NEEDED = "a sheet needs opportunity_id or partner_opportunity_id, and tcv, currency, contract_months"
WANTED = {"tcv": Decimal("120000.50"), "currency": "EUR", "contract_months": 36}
ReadText = Callable[[str | bytes], Sheet]


@pytest.fixture
def read(tmp_path: Path) -> ReadText:
    """Read a sheet with this content."""

    def read_text(content: str | bytes) -> Sheet:
        path = tmp_path / "deals.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_sheet(path)

    return read_text


EVERY_COLUMN = '''\
\ufeffpartner_opportunity_id,opportunity_id,tcv,currency,contract_months,title,customer_name,country_code,postal_code,\
state,website,industry,stage,target_close_date,use_case,business_problem,delivery_models,solution_ids
CRM-0001,,120000.50,EUR,36,"Data platform, ""phase 2""",Ärzte 株式会社,DE,01067,\
Sachsen,https://example.com,Healthcare,Business Validation,2027-03-31,Containers & Serverless,"Reports take a day.
They are to take a minute.",SaaS or PaaS; Managed Services,S-0000002;S-0000001;S-0000002
,,,,,,,,,,,,,,,,,
,O77,0,USD,1,,,,,,,,,,,,,
'''


def test_a_sheet_with_every_column(read: ReadText) -> None:
    sheet = read(EVERY_COLUMN)
    assert sheet.unknown_columns == []
    assert sheet.deals == [
        Deal(
            row=2,
            opportunity_id=None,
            partner_opportunity_id="CRM-0001",
            wanted={
                "tcv": Decimal("120000.50"),
                "currency": "EUR",
                "contract_months": 36,
                "title": 'Data platform, "phase 2"',
                "customer_name": "Ärzte 株式会社",
                "country_code": "DE",
                "postal_code": "01067",
                "state": "Sachsen",
                "website": "https://example.com",
                "industry": "Healthcare",
                "stage": "Business Validation",
                "target_close_date": "2027-03-31",
                "use_case": "Containers & Serverless",
                "business_problem": "Reports take a day.\nThey are to take a minute.",
                "delivery_models": ("SaaS or PaaS", "Managed Services"),
                "solution_ids": ("S-0000002", "S-0000001"),
            },
        ),
        Deal(4, "O77", None, {"tcv": Decimal("0"), "currency": "USD", "contract_months": 1}),
    ]


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_names_and_cells_may_have_blanks_around_them_and_names_capitals(read: ReadText, ending: str, mark: str) -> None:
    rows = [" Opportunity_ID ,TCV, currency,Contract_Months", " O1 , 120000.50 ,EUR ,\u00a036", ""]
    assert read(mark + ending.join(rows)) == Sheet([Deal(2, "O1", None, WANTED)], [])


def test_rows_count_as_in_a_spreadsheet(read: ReadText) -> None:
    """A line break in a cell begins no row; a blank row is one, and no deal."""
    sheet = read(f'opportunity_id,business_problem,{MONEY}\n\nO1,"\n\n",1,EUR,1\n , ,,,\nO2,,1,EUR,1\n')
    assert [(deal.row, deal.opportunity_id) for deal in sheet.deals] == [(3, "O1"), (5, "O2")]


def test_columns_that_are_not_known_are_told_with_what_may_have_been_meant(read: ReadText) -> None:
    sheet = read(f'opportunity_id,{MONEY},solution_id,Account Owner,,"a\nb",\nO1,120000.50,EUR,36,x,y,z,,\n')
    assert sheet.deals == [Deal(2, "O1", None, WANTED)]
    assert sheet.unknown_columns == [
        "solution_id (solution_ids?)",
        "account owner",
        r"'a\nb'",
        "column 7, which has no name",
    ]


def test_every_bad_cell_of_a_row_is_told_at_once_and_the_other_rows_are_read(read: ReadText) -> None:
    sheet = read(
        f"opportunity_id,{MONEY},stage\nO1,-1,eur,0,won\nO2,120000.50,EUR,36,\n,1,EUR,1,\nO4,1,EUR\nO5,, ,\u00a0,\n"
    )
    assert [deal.reasons for deal in sheet.deals] == [
        (
            Reason("tcv", "is negative: write an amount of 0 or more"),
            Reason("currency", CURRENCY),
            Reason("contract_months", MONTHS),
            Reason("stage", f"is not one of AWS's values: {STAGES}"),
        ),
        (),
        (Reason(None, "the row has no identifier: fill in opportunity_id or partner_opportunity_id"),),
        (
            Reason(None, "the row has fewer cells than the header: it may be cut off; complete it"),
            Reason("contract_months", "is empty: every row needs it"),
        ),
        tuple(Reason(column, "is empty: every row needs it") for column in ("tcv", "currency", "contract_months")),
    ]
    assert sheet.deals[0].wanted == {}
    assert sheet.deals[1] == Deal(3, "O2", None, WANTED)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", " is empty: put a header and one row for each deal in it"),
        (b"\n \n,,\n", " is empty: put a header and one row for each deal in it"),
        (f"opportunity_id,{MONEY}\n,,,\n", " has a header and no rows: put one row for each deal below it"),
        (f"id,{MONEY}\n1,1,EUR,1\n", f" has no column opportunity_id or partner_opportunity_id: {NEEDED}"),
        ("opportunity_id,currency\nO1,EUR\n", f" has no column tcv, contract_months: {NEEDED}"),
        (f"opportunity_id,{MONEY},TCV\nO1,1,EUR,1,1\n", " has the column tcv twice: keep one of them"),
        (
            f"opportunity_id,{MONEY},title\nO1,1,EUR,1,a, b\n",
            ", row 2: 6 cells under 5 columns: put double quotes around a cell that has a comma in it",
        ),
        (
            f"title,opportunity_id,{MONEY}\na,b,O1,1,EUR,\n",
            ", row 2: 6 cells under 5 columns: put double quotes around a cell that has a comma in it",
        ),
        (
            f"opportunity_id,{MONEY}\nO1,1,EUR,1\nO2,1,EUR,1\nO1,2,EUR,1\n",
            ": rows 2 and 4 are about one opportunity (O1): keep one of them",
        ),
        (
            f"opportunity_id,partner_opportunity_id,{MONEY}\nO1,CRM-1,1,EUR,1\nO2,CRM-1,x,EUR,1\n",
            ": rows 2 and 3 are about one opportunity (the same partner_opportunity_id): keep one of them",
        ),
        (
            "opportunity_id;tcv;currency;contract_months\nO1;1,00;EUR;1\n",
            " has semicolons between its cells, as spreadsheets in some countries write them: save it with commas and "
            "with points in its amounts",
        ),
        (
            "opportunity_id\ttcv\tcurrency\tcontract_months\nO1\t1\tEUR\t1\n",
            " has tabs between its cells, as spreadsheets in some countries write them: save it with commas and with "
            "points in its amounts",
        ),
        (
            f"opportunity_id,{MONEY},title\nO1,1,EUR,1,a\nO2,1,EUR,1,Stra\u00dfe\n".encode("latin-1"),
            ", line 3: it is not written in UTF-8: save it as `CSV UTF-8` and give that file",
        ),
        (
            f"opportunity_id,{MONEY}\nO1,1,EUR,1\n".encode("utf-16"),
            ", line 1: it is not written in UTF-8: save it as `CSV UTF-8` and give that file",
        ),
        (
            f"opportunity_id,{MONEY}\nO1,1,EUR,1\n".encode("utf-16-le"),
            ", line 1: it has null bytes, as no CSV in UTF-8 has: save it as `CSV UTF-8` and give that file",
        ),
        (
            b"PK\x03\x04" + b"\0" * 26,
            " is a workbook or an archive, and no CSV: save it as `CSV UTF-8` and give that file",
        ),
        (
            f'opportunity_id,{MONEY}\nO1,1,EUR,"1\n',
            ", line 2: it is no CSV (unexpected end of data): write a double quote inside a quoted cell twice",
        ),
        (
            f'opportunity_id,{MONEY},title\nO1,1,EUR,1,"{"x" * 131_073}"\n',
            ", line 2: it has a cell of more than 131,072 characters: shorten it, or end it where its double quotes "
            "are not closed",
        ),
        (b"PAR1 and no more", " is a damaged Parquet file: write it again"),
        (
            codecs.BOM_UTF8 + b"x" * (64 * 1024 * 1024),
            " is larger than 67,108,864 bytes: split it into several sheets",
        ),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else None,
)
def test_a_file_that_is_no_sheet_is_refused_in_one_line(
    tmp_path: Path, read: ReadText, content: str | bytes, message: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read(content)
    assert str(caught.value) == f"{tmp_path / 'deals.csv'}{message}"
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("name", ["none.csv", ".", "n" * 300, "a\0b"])
def test_a_file_that_is_not_there_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigurationError, match=r"(is no file:|cannot be read: .+;) name a CSV or Parquet file"):
        read_sheet(tmp_path / name)


@pytest.mark.parametrize("content", [None, "", f"id,{MONEY}\n1,1,EUR,1\n", f"opportunity_id,{MONEY}\n,,,\n"])
def test_a_file_with_any_name_is_told_of_in_a_line_that_can_be_printed(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / os.fsdecode(b"deals-\xff\n\x1b[31m.csv")
    if content is not None:
        path.write_text(content)
    with pytest.raises(ConfigurationError) as caught:
        read_sheet(path)
    assert r"deals-\udcff\n\x1b[31m.csv" in str(caught.value)
    assert str(caught.value).isprintable()


def test_what_is_no_regular_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "deals.csv")
    with pytest.raises(ConfigurationError, match=r"deals\.csv is no file: name a CSV or Parquet file of deals"):
        read_sheet(tmp_path / "deals.csv")
