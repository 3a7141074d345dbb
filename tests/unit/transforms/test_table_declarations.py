import dataframely as dy
import duckdb
import pytest

from pipelines.marts import MARTS, SCHEMAS
from transforms.attribution import Attribution
from transforms.hygiene import Hygiene
from transforms.observations import Observations
from transforms.opportunities import Opportunities
from transforms.revenue import CURRENCY_OF
from transforms.running_sums import RUNNING_SUMS
from transforms.schema import ColumnDeclaration, declaration
from transforms.touches import Touches

PUBLISHED_COLUMNS = """
opportunity_id arn catalog partner_opportunity_id title customer_name industry country_code
opportunity_type stage stage_rank is_open is_won is_lost closed_lost_reason review_status
target_close_date created_at last_modified_at campaign marketing_source aws_funding_used
aws_partition competitor currency_code contract_months aws_mrr deal_tcv deal_mrr aws_tcv aws_arr
aws_acv software_tcv software_months software_mrr aws_mrr_reporting deal_tcv_reporting
deal_mrr_reporting aws_tcv_reporting aws_arr_reporting aws_acv_reporting software_tcv_reporting
software_mrr_reporting furthest_stage furthest_stage_rank close_date_pushes is_visible aws_stage
engagement_score involvement_type origin software_currency_code
"""
OBSERVATION_COLUMNS = """
opportunity_id observation observed_at evidence stage stage_rank target_close_date contract_months
aws_mrr_reporting aws_tcv_reporting deal_tcv_reporting software_tcv_reporting unconverted_currencies
"""


@pytest.mark.parametrize("schema", SCHEMAS)
def test_every_table_says_its_grain_and_describes_every_column(schema: type[dy.Schema]) -> None:
    table = declaration(schema)
    assert table.comment.startswith("One row per ")
    assert [column.name for column in table.columns] == schema.column_names()
    assert [column.name for column in table.columns if len(column.comment) < 10] == []


@pytest.mark.parametrize("schema", MARTS)
def test_every_mart_has_a_key(schema: type[dy.Schema]) -> None:
    assert declaration(schema).primary_key


def test_sums_have_their_key_and_count_among_their_columns() -> None:
    for schema, (key, count) in RUNNING_SUMS.items():
        columns = {column.name: column.duckdb_type for column in declaration(schema).columns}
        assert list(columns)[: len(key)] == list(key)
        assert columns[count] == "BIGINT"
        assert {kind for name, kind in columns.items() if name not in key} <= {
            "BIGINT",
            "DECIMAL(38,2)",
            "DECIMAL(38,18)",
        }


def test_the_columns_of_opportunities_stand_in_their_published_order() -> None:
    assert Opportunities.column_names() == PUBLISHED_COLUMNS.split()


@pytest.mark.parametrize(
    ("schema", "columns"),
    [
        (Observations, OBSERVATION_COLUMNS),
        (Touches, "opportunity_id dimension value touched_at is_current position"),
        (Attribution, "model dimension value outcome opportunities aws_mrr aws_tcv software_tcv"),
        (Hygiene, "opportunity_id rule severity detail suggestion"),
    ],
)
def test_the_columns_of_other_tables_stand_in_their_published_order(schema: type[dy.Schema], columns: str) -> None:
    assert schema.column_names() == columns.split()


def test_money_is_a_decimal_and_its_currency_is_known() -> None:
    money = [column.name for column in declaration(Opportunities).columns if column.duckdb_type == "DECIMAL(38,2)"]
    assert money == [*CURRENCY_OF, *(f"{amount}_reporting" for amount in CURRENCY_OF)]


@pytest.mark.parametrize("schema", SCHEMAS)
def test_duckdb_reads_a_built_frame_as_the_declared_types(schema: type[dy.Schema]) -> None:
    declared = [column.duckdb_type for column in declaration(schema).columns]
    with duckdb.connect() as connection:
        connection.register("built", schema.create_empty().to_arrow())
        described = [row[1] for row in connection.sql("DESCRIBE built").fetchall()]
    assert described == [name.replace("TIMESTAMPTZ", "TIMESTAMP WITH TIME ZONE") for name in declared]


def test_a_declaration_has_what_duckdb_needs() -> None:
    class DailyRate(dy.Schema):
        """One row per day and
        currency."""

        rate_date = dy.Date(primary_key=True, description="Day of the rate.")
        currency = dy.String(primary_key=True, description="ISO 4217.")
        published_at = dy.Datetime(time_unit="us", time_zone="UTC", description="Instant (UTC).")
        share = dy.Float64(nullable=True, description="Share, 0 to 1.")

    table = declaration(DailyRate)
    assert (table.name, table.comment) == ("daily_rate", "One row per day and currency.")
    assert table.primary_key == ("rate_date", "currency")
    assert table.columns == (
        ColumnDeclaration("rate_date", "DATE", False, "Day of the rate."),
        ColumnDeclaration("currency", "VARCHAR", False, "ISO 4217."),
        ColumnDeclaration("published_at", "TIMESTAMPTZ", False, "Instant (UTC)."),
        ColumnDeclaration("share", "DOUBLE", True, "Share, 0 to 1."),
    )


def test_a_column_without_description_is_refused() -> None:
    class Bare(dy.Schema):
        """One row per test."""

        value = dy.String()

    with pytest.raises(ValueError, match=r"bare\.value has no description"):
        declaration(Bare)


def test_a_table_without_grain_is_refused() -> None:
    class Bare(dy.Schema):
        value = dy.String(description="A value.")

    with pytest.raises(ValueError, match="bare has no description"):
        declaration(Bare)


def test_a_type_that_the_warehouse_does_not_use_is_refused() -> None:
    class Local(dy.Schema):
        """One row per test."""

        at = dy.Datetime(time_unit="us", description="An instant without a zone.")

    with pytest.raises(ValueError, match=r"local\.at: no DuckDB type"):
        declaration(Local)
