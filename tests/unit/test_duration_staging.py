"""The staging of the contract duration as AWS sent it, which landing rules may take out of its own columns."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import polars as pl
import pytest

from expectations.landing import landing_rules
from expectations.quarantine import quarantine
from pipelines.partner_central.service_model import staged_fields
from pipelines.partner_central.tables import LANDING_SCHEMAS
from pipelines.staging import stage

BEFORE = datetime(2026, 5, 2, tzinfo=UTC)
MODIFIED = BEFORE - timedelta(hours=1)
ABSENT = object()
Row = tuple[str | None, ...]


def payload(opportunity_id: str, duration: Any) -> str:
    """What GetOpportunity returns: nothing in it breaks a landing rule, but for the contract duration."""
    project = {"Title": "Migration"} | ({} if duration is ABSENT else {"ExpectedContractDuration": duration})
    return json.dumps(
        {
            "Id": opportunity_id,
            "Catalog": "AWS",
            "CreatedDate": "2026-05-01T09:00:00Z",
            "LastModifiedDate": "2026-05-01T23:00:00Z",
            "LifeCycle": {"Stage": "Prospect"},
            "Project": project,
        }
    )


def stage_durations(connection: duckdb.DuckDBPyConnection, *durations: Any) -> None:
    """Land and stage opportunities O1, O2, … with these contract durations."""
    rows = [
        (f"O{number}", MODIFIED, MODIFIED, "GetOpportunity", MODIFIED, payload(f"O{number}", duration))
        for number, duration in enumerate(durations, start=1)
    ]
    columns = LANDING_SCHEMAS["opportunity_versions"]
    landed = pl.DataFrame(rows, schema=columns.names, orient="row").to_arrow().cast(columns)
    connection.register("landed", landed)
    connection.execute("CREATE TABLE landing.partner_central.opportunity_versions AS FROM landed")
    stage(connection, BEFORE)


def staged(connection: duckdb.DuckDBPyConnection) -> list[Row]:
    """Value, term and what is kept of both, of O1, O2, …"""
    prefix = "project__expected_contract_duration"
    return connection.sql(
        f"SELECT {prefix}__value, {prefix}__term, contract_duration_as_sent FROM staging.opportunity_versions "
        "ORDER BY opportunity_id"
    ).fetchall()


@pytest.mark.parametrize(
    ("duration", "as_sent"),
    [
        (ABSENT, None),
        (None, None),
        ({}, None),
        ({"Term": None, "Value": None}, None),
        ({"Term": "Months", "Value": "36"}, "36 Months"),
        ({"Term": "Months", "Value": "145"}, "145 Months"),
        ({"Term": "Years", "Value": "3"}, "3 Years"),
        ({"Value": "12"}, "12"),
        ({"Term": "Months"}, "Months"),
        ({"Term": "Months", "Value": 12}, "12 Months"),
        ({"Term": "", "Value": ""}, None),
        ({"Value": ""}, None),
        ({"Term": "Months", "Value": ""}, "Months"),
        ({"Term": "Months", "Value": "1" * 40}, "1" * 40 + " Months"),
        ({"Term": "Months", "Value": "1" * 39 + "2" * 21}, "1" * 39 + "2 Months"),
        ({"Term": "M" * 39 + "no" * 10, "Value": "12"}, "12 " + "M" * 39 + "n"),
        ({"Term": "Months", "Value": "€" * 60}, "€" * 40 + " Months"),  # characters, not bytes
    ],
)
def test_the_contract_duration_as_sent(
    connection: duckdb.DuckDBPyConnection, duration: Any, as_sent: str | None
) -> None:
    stage_durations(connection, duration)
    [(_, _, kept)] = staged(connection)
    assert kept == as_sent


def test_what_was_sent_outlives_the_quarantine(connection: duckdb.DuckDBPyConnection) -> None:
    stage_durations(
        connection,
        {"Term": "Months", "Value": "36"},
        {"Term": "Months", "Value": "145"},
        {"Term": "Years", "Value": "3"},
        {"Term": "Years", "Value": "1.5"},
        {"Term": "", "Value": ""},
        {"Term": "Months", "Value": "1" * 60},
        ABSENT,
    )
    sent = staged(connection)
    assert sent[1:3] == [("145", "Months", "145 Months"), ("3", "Years", "3 Years")]
    rules = landing_rules(staged_fields())  # one that nothing breaks takes nothing out
    quarantined = quarantine(connection, "staging", rules, run_id="R1")
    term, value = "project__expected_contract_duration__term", "project__expected_contract_duration__value"
    assert quarantined.select("opportunity_id", "column_name", "rule", "value", "action").rows() == [
        ("O3", term, "in_enum", "Years", "nulled"),
        ("O4", term, "in_enum", "Years", "nulled"),
        ("O5", term, "in_enum", "", "nulled"),
        ("O2", value, "is_contract_months", "145", "nulled"),
        ("O4", value, "is_contract_months", "1.5", "nulled"),
        ("O5", value, "is_contract_months", "", "nulled"),
        ("O6", value, "is_contract_months", "1" * 60, "nulled"),
    ]
    assert staged(connection) == [
        ("36", "Months", "36 Months"),
        (None, "Months", "145 Months"),
        ("3", None, "3 Years"),
        (None, None, "1.5 Years"),
        (None, None, None),
        (None, "Months", "1" * 40 + " Months"),
        (None, None, None),
    ]
