"""One changed row of sound touches, or of the records that they come from, breaks the rules that it should."""

import duckdb
import pytest
from marts_world import broken, broken_by, change, every_rule, fill_every_mart, insert, mart_tables, own_rules, rule_ids

from expectations.marts import touches as rules
from transforms import touches as transforms

CREDIT = "attribution.value.agrees_with_touches"
TOUCHES = [
    ("O1/campaign/Spring", "dimension = 'region'", "dimension.in_enum touched_at.agrees_with_records"),
    ("O1/campaign/Spring", "value = ''", "value.is_not_empty touched_at.agrees_with_records"),
    ("O1/campaign/Spring", "position = 1", "position.is_rank_of_instant"),
    ("O1/campaign/Expo", "position = NULL", f"position.is_rank_of_instant {CREDIT}"),
    ("O1/campaign/Expo", "position = 2", f"position.is_rank_of_instant {CREDIT}"),
    ("O1/solution/S-4", "position = 4", f"position.is_rank_of_instant {CREDIT}"),
    ("O1/solution/S-2", "position = 1", f"position.is_rank_of_instant {CREDIT}"),
    (
        "O1/solution/S-4",
        "touched_at = '2026-02-10 08:00:00.000001Z'",  # is one position later, but hardly older
        "position.is_rank_of_instant touched_at.agrees_with_records",
    ),
    ("O4/channel/Email", "touched_at = '2026-03-04 00:00:00.000001Z'", "touched_at.agrees_with_records"),
    ("O1/campaign/Spring", "touched_at = '2026-01-20 08:00Z'", "touched_at.agrees_with_records"),
    (
        "O1/campaign/Spring",
        "is_current = true, position = 1",
        f"position.is_rank_of_instant {CREDIT} touched_at.agrees_with_records",
    ),
    ("O4/channel/Email", "is_current = false, position = NULL", "touched_at.agrees_with_records"),
    ("O1/campaign/Spring", None, "touched_at.agrees_with_records"),
    ("O1/solution/S-3", None, f"touched_at.agrees_with_records {CREDIT}"),
    ("O4/channel/Email", "value = 'Mail'", "touched_at.agrees_with_records"),
    ("O4/channel/Email", "opportunity_id = 'O5'", "touched_at.agrees_with_records"),
    ("O4/channel/Email", "opportunity_id = 'O3'", f"touched_at.agrees_with_records {CREDIT}"),
]

TWICE = """
    id  dimension  value  touched_at         is_current  position
    O4  channel    Email  2026-03-04 00:00Z  true        1
"""


@pytest.fixture
def filled(connection: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    fill_every_mart(connection)
    return connection


@pytest.mark.parametrize(("row_key", "assignments", "failed"), TOUCHES)
def test_a_changed_row_breaks_the_rules_it_should(
    filled: duckdb.DuckDBPyConnection, row_key: str, assignments: str | None, failed: str
) -> None:
    change(filled, "touches", row_key, assignments)
    assert broken_by(filled, "touches") == rule_ids("touches", failed)


def test_each_rule_is_broken_by_some_change() -> None:
    broken_ones = {rule_id for _, _, failed in TOUCHES for rule_id in rule_ids("touches", failed)}
    assert {rule.id for rule in own_rules("touches")} == broken_ones - {CREDIT}


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE staging.opportunity_versions SET marketing__campaign_name = 'Summer' WHERE row_key = 'O1d'",
        "UPDATE staging.opportunity_versions SET is_excluded = false WHERE row_key = 'O1 bad'",
        "UPDATE staging.opportunity_versions SET is_excluded = true WHERE row_key = 'O1a'",
        "UPDATE staging.opportunity_versions SET last_modified_at = '2026-03-04 00:00Z' WHERE row_key = 'O1c'",
        "INSERT INTO staging.opportunity_versions__marketing__channels VALUES ('O3a', 'Video')",
        "INSERT INTO staging.opportunity_versions__related_entity_identifiers__solutions VALUES ('O1d', 'S-5')",
        "INSERT INTO staging.opportunity_versions__related_entity_identifiers__aws_products VALUES ('O1d', 'P-1')",
        "INSERT INTO staging.opportunity_versions__project__apn_programs VALUES ('O2a', 'MAP')",
        "DELETE FROM staging.opportunity_versions__primary_needs_from_aws WHERE value = 'Technical'",
        "INSERT INTO staging.resource_snapshots__related_entity_identifiers__solutions VALUES ('of O2', 'S-1')",
        "INSERT INTO staging.resource_snapshots__related_entity_identifiers__aws_products VALUES ('of O2', 'P-1')",
        "DELETE FROM staging.resource_snapshots__primary_needs_from_aws WHERE value = 'Technical'",
        "UPDATE staging.resource_snapshots SET created_at = '2026-02-02 00:00Z' WHERE row_key = 'undated'",
        "UPDATE staging.resource_snapshots SET is_excluded = false WHERE row_key = 'of O1'",
    ],
)
def test_each_kind_of_record_counts(filled: duckdb.DuckDBPyConnection, statement: str) -> None:
    filled.execute(statement)
    assert broken(filled, own_rules("touches")) == {"touches.touched_at.agrees_with_records"}


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO staging.opportunity_versions__marketing__channels VALUES ('O3a', ''), ('O3a', NULL)",
        "INSERT INTO staging.opportunity_versions__related_entity_identifiers__solutions VALUES ('O1d', 'S-1')",
        "INSERT INTO staging.opportunity_versions__project__apn_programs VALUES ('gone', 'MAP')",
        "INSERT INTO staging.resource_snapshots__primary_needs_from_aws VALUES ('of O2, 2', 'Pricing')",
    ],
)
def test_what_shows_nothing_new_is_no_touch(filled: duckdb.DuckDBPyConnection, statement: str) -> None:
    filled.execute(statement)
    assert broken(filled, own_rules("touches")) == set()


def test_a_key_counts_once(filled: duckdb.DuckDBPyConnection) -> None:
    insert(filled, "marts.touches", TWICE)
    (table,) = (table for table in mart_tables() if table.name == "touches")
    assert broken(filled, every_rule([table])) == {
        "touches.opportunity_id, dimension, value.is_unique",
        "touches.touched_at.agrees_with_records",
    }


def test_the_dimensions_and_their_lists_are_those_of_the_transforms() -> None:
    assert rules.CAMPAIGN == transforms.CAMPAIGN
    assert rules.LISTS == transforms.LISTS
    assert rules.SNAPSHOT_LISTS == transforms.SNAPSHOT_LISTS
    assert rules.DIMENSIONS == transforms.DIMENSIONS
