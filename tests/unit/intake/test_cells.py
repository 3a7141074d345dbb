"""A cell is read into the value of its column by the rules of the service model; or it is told what is wrong."""

from decimal import Decimal

import pytest

from pipelines.intake.cells import read_cell
from pipelines.intake.deals import Reason

AMOUNT = "is not an amount: write digits, and a point before decimals, such as 120000.50; no leading zeros, signs, "
AMOUNT += "spaces, exponents or separators of thousands"
MONTHS = "is not a whole number of months from 1 to 144"
CURRENCY = "is not a currency that AWS takes: write three capital letters, such as USD"
DAY = "is not a day of the calendar: write YYYY-MM-DD, such as 2027-03-31"
HIDDEN = "has a line break, a control character or another that is not seen in it: type the text anew"
UNSEEN = "\u00ad\u200b\u2060\u2063\ufeff"
UNSEEN_IN_IDENTIFIERS = "\u200c\u200d\u00a0\u2009\u034f\u3164\ufe0f\U000e0041\U000e0100\n"
STAGES = "Prospect, Qualified, Technical Validation, Business Validation, Committed, Launched, Closed Lost"
MODELS = "SaaS or PaaS, BYOL or AMI, Managed Services, Professional Services, Resell, Other"
SOLUTION = "has one that is not an identifier of a solution: write S- and its digits, with ; between them"
OPPORTUNITY = "is not an identifier of Partner Central: write O and its digits, such as O1234567"


@pytest.mark.parametrize(
    ("column", "cell", "value"),
    [
        ("tcv", "0", Decimal("0")),
        ("tcv", "531.", Decimal("531")),
        ("tcv", "531.5", Decimal("531.5")),
        ("tcv", "0.00", Decimal("0.00")),
        ("tcv", "9" * 31 + ".99", Decimal("9" * 31 + ".99")),
        ("contract_months", "1", 1),
        ("contract_months", "144", 144),
        ("contract_months", "36.0", 36),
        ("currency", "ZMW", "ZMW"),
        ("stage", "Closed Lost", "Closed Lost"),
        ("target_close_date", "2028-02-29", "2028-02-29"),
        ("title", "x" * 255, "x" * 255),
        ("title", "\U0001f4a9" * 255, "\U0001f4a9" * 255),
        ("title", "=1+1", "=1+1"),
        ("website", "a.io", "a.io"),
        (
            "title",
            "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
            "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
        ),
        ("title", "\U0001f469\u200d\U0001f4bb \u2764\ufe0f", "\U0001f469\u200d\U0001f4bb \u2764\ufe0f"),
        ("partner_opportunity_id", "CRM 0001/\u00c4\u682a", "CRM 0001/\u00c4\u682a"),
        ("state", "Quebec", "Quebec"),
        ("business_problem", "a\tlist\r\nof\nproblems!", "a\tlist\r\nof\nproblems!"),
        ("delivery_models", "Other; BYOL or AMI;;Other;", ("Other", "BYOL or AMI")),
        ("solution_ids", "S-1", ("S-1",)),
    ],
)
def test_a_good_cell_is_read_into_its_value(column: str, cell: str, value: object) -> None:
    found = read_cell(column, cell)
    assert (found, type(found)) == (value, type(value))
    assert str(found) == str(value)  # amounts with the decimals of the sheet


@pytest.mark.parametrize(
    ("column", "cell", "reason"),
    [
        ("tcv", "1,200.00", AMOUNT),
        ("tcv", "1.200,00", AMOUNT),
        ("tcv", "1'200", AMOUNT),
        ("tcv", "12e3", AMOUNT),
        ("tcv", "+12", AMOUNT),
        ("tcv", "012", AMOUNT),
        ("tcv", ".5", AMOUNT),
        ("tcv", "NaN", AMOUNT),
        ("tcv", "$12", AMOUNT),
        ("tcv", "1 200", AMOUNT),
        ("tcv", "\u0661\u0662", AMOUNT),
        ("tcv", "-5", "is negative: write an amount of 0 or more"),
        ("tcv", "12.345", "has more than 2 decimals: round it to the cent"),
        ("tcv", "9" * 32, "is too large: AWS takes up to 31 digits before the point"),
        ("contract_months", "36.5", MONTHS),
        ("contract_months", "0", MONTHS),
        ("contract_months", "145", MONTHS),
        ("contract_months", "-1", MONTHS),
        ("contract_months", "3 years", MONTHS),
        ("contract_months", "9" * 5000, MONTHS),
        ("contract_months", "\uff11\uff12", MONTHS),
        ("currency", "usd", CURRENCY),
        ("currency", "$", CURRENCY),
        ("currency", "XBT", CURRENCY),
        ("stage", "prospect", "has other capitals than AWS's: write Prospect"),
        ("stage", "Won", f"is not one of AWS's values: {STAGES}"),
        ("industry", "Pharma", "is not one of AWS's 28 values, which are such as Aerospace, Agriculture, Automotive"),
        ("country_code", "de", "has other capitals than AWS's: write DE"),
        ("country_code", "Germany", "is not one of AWS's 249 values, which are such as US, AF, AX"),
        ("use_case", "containers & serverless", "has other capitals than AWS's: write Containers & Serverless"),
        ("delivery_models", "Other;SaaS", f"is not one of AWS's values: {MODELS}"),
        ("delivery_models", ";", "has only ; in it: write values, or leave it empty"),
        ("solution_ids", "S-1;7", SOLUTION),
        ("opportunity_id", "O1/../O2", OPPORTUNITY),
        ("opportunity_id", "o1", OPPORTUNITY),
        ("opportunity_id", "O" + "9" * 20, OPPORTUNITY),
        ("partner_opportunity_id", "x" * 65, "has 65 characters: AWS takes up to 64"),
        ("target_close_date", "2026-02-31", DAY),
        ("target_close_date", "31.12.2026", DAY),
        ("target_close_date", "20261231", DAY),
        ("target_close_date", "2026-12-31T00:00:00Z", DAY),
        ("title", "x" * 256, "has 256 characters: AWS takes up to 255"),
        ("title", "two\nlines", HIDDEN),
        ("title", "a\u202eb", HIDDEN),
        ("customer_name", "bell\a", HIDDEN),
        ("postal_code", "0" * 21, "has 21 characters: AWS takes up to 20"),
        ("website", "a.b", "has 3 characters: AWS takes from 4 to 255"),
        ("business_problem", "too short", "has 9 characters: AWS takes from 20 to 2,000"),
        ("business_problem", "x" * 2001, "has 2,001 characters: AWS takes from 20 to 2,000"),
        ("business_problem", "a list of problems\x1b[31m", HIDDEN),
        *((column, f"CRM{mark}-1", HIDDEN) for column in ("partner_opportunity_id", "title") for mark in UNSEEN),
        *(("partner_opportunity_id", f"CRM{mark}-1", HIDDEN) for mark in UNSEEN_IN_IDENTIFIERS),
    ],
)
def test_a_bad_cell_is_told_with_what_would_be_right(column: str, cell: str, reason: str) -> None:
    assert read_cell(column, cell) == Reason(column, reason)
