"""What users' queries rely on: names, order and types of the published columns."""

import pytest

from expectations.schema import Quarantine, Results
from pipelines.runs import Runs
from transforms.opportunities import Opportunities
from transforms.schema import declaration

MONEY = "aws_mrr deal_tcv deal_mrr aws_tcv aws_arr aws_acv software_tcv software_mrr".split()

OPPORTUNITIES = """
opportunity_id arn catalog partner_opportunity_id title customer_name industry country_code opportunity_type stage
stage_rank is_open is_won is_lost closed_lost_reason review_status target_close_date created_at last_modified_at
campaign marketing_source aws_funding_used aws_partition competitor currency_code contract_months aws_mrr deal_tcv
deal_mrr aws_tcv aws_arr aws_acv software_tcv software_months software_mrr
""".split()

TABLES = {
    Opportunities: [
        *OPPORTUNITIES,
        *[f"{column}_reporting" for column in MONEY],
        *"furthest_stage furthest_stage_rank close_date_pushes is_visible".split(),
        *"aws_stage engagement_score involvement_type origin software_currency_code".split(),
    ],
    Results: "run_id suite expectation target column_name severity success evaluated unexpected".split(),
    Quarantine: "run_id opportunity_id source_table column_name rule severity value action".split(),
    Runs: """run_id started_at finished_at as_of catalog status calls retries opportunities_listed
             opportunities_fetched snapshots_fetched rows_published error""".split(),
}


@pytest.mark.parametrize("schema", TABLES, ids=lambda schema: schema.__name__)
def test_columns_and_their_order(schema: type) -> None:
    assert [column.name for column in declaration(schema).columns] == TABLES[schema]


@pytest.mark.parametrize("schema", TABLES, ids=lambda schema: schema.__name__)
def test_types_follow_from_names(schema: type) -> None:
    for column in declaration(schema).columns:
        name = column.name.removesuffix("_reporting")
        if name.endswith(("_mrr", "_tcv", "_arr", "_acv")):
            assert column.duckdb_type == "DECIMAL(38,2)"
        elif name.endswith("_at"):
            assert column.duckdb_type == "TIMESTAMPTZ"
        elif name.endswith("_date") or name == "as_of":
            assert column.duckdb_type == "DATE"
        elif name.startswith("is_") or name == "success":
            assert column.duckdb_type == "BOOLEAN"
        elif name.endswith(("_months", "_rank", "_pushes")):
            assert column.duckdb_type == "INTEGER"
