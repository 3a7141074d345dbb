"""What users' queries rely on: names, order and types of the published columns."""

import pytest

from expectations.schema import Quarantine, Results
from pipelines.runs import Runs
from transforms.attribution import Attribution
from transforms.hygiene import Hygiene
from transforms.observations import Observations
from transforms.opportunities import Opportunities
from transforms.outcomes_monthly import OutcomesMonthly
from transforms.pipeline_monthly import PipelineMonthly
from transforms.pipeline_waterfall import PipelineWaterfall
from transforms.schema import declaration
from transforms.stage_funnel import StageFunnel
from transforms.stage_history import StageHistory
from transforms.touches import Touches

MONEY = "aws_mrr deal_tcv deal_mrr aws_tcv aws_arr aws_acv software_tcv software_mrr".split()

OPPORTUNITIES = """
opportunity_id arn catalog partner_opportunity_id title customer_name industry country_code opportunity_type stage
stage_rank is_open is_won is_lost closed_lost_reason review_status target_close_date created_at last_modified_at
campaign marketing_source aws_funding_used aws_partition competitor currency_code contract_months aws_mrr deal_tcv
deal_mrr aws_tcv aws_arr aws_acv software_tcv software_months software_mrr
""".split()

COUNTS = "reached advanced won lost open opportunities unobserved".split()

TABLES = {
    Opportunities: [
        *OPPORTUNITIES,
        *[f"{column}_reporting" for column in MONEY],
        *"furthest_stage furthest_stage_rank close_date_pushes is_visible".split(),
        *"aws_stage engagement_score involvement_type origin software_currency_code".split(),
    ],
    Observations: """opportunity_id observation observed_at evidence stage stage_rank target_close_date contract_months
                     aws_mrr_reporting aws_tcv_reporting deal_tcv_reporting software_tcv_reporting
                     unconverted_currencies""".split(),
    StageHistory: """opportunity_id stint stage stage_rank entered_at exited_at days_in_stage movement
                     is_left_censored evidence""".split(),
    StageFunnel: """cohort_month stage stage_rank reached advanced lost open conversion_to_next conversion_from_first
                    median_days_in_stage reached_mrr""".split(),
    PipelineMonthly: "month stage opportunities aws_mrr aws_tcv deal_tcv software_tcv unobserved".split(),
    PipelineWaterfall: """month measure opening created discovered reopened increased decreased won lost
                          closing""".split(),
    OutcomesMonthly: "month won lost win_rate won_mrr lost_mrr median_cycle_days".split(),
    Touches: "opportunity_id dimension value touched_at is_current position".split(),
    Attribution: "model dimension value outcome opportunities aws_mrr aws_tcv software_tcv".split(),
    Hygiene: "opportunity_id rule severity detail suggestion".split(),
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
        elif name.endswith("_rate") or name.startswith("conversion_") or "days" in name.split("_"):
            assert column.duckdb_type == "DOUBLE"
        elif name == "month" or name.endswith("_month"):
            assert column.duckdb_type == "DATE"


def test_the_waterfall_is_money_in_both_measures_so_that_one_identity_holds_for_both() -> None:
    types = [column.duckdb_type for column in declaration(PipelineWaterfall).columns]
    assert types == ["DATE", "VARCHAR", *["DECIMAL(38,2)"] * 9]


@pytest.mark.parametrize("schema", [StageFunnel, PipelineMonthly, OutcomesMonthly], ids=lambda schema: schema.__name__)
def test_counts_of_opportunities_are_whole_numbers(schema: type) -> None:
    assert {column.duckdb_type for column in declaration(schema).columns if column.name in COUNTS} == {"BIGINT"}


@pytest.mark.parametrize(
    ("schema", "key"),
    [
        (Observations, "opportunity_id observation"),
        (Opportunities, "opportunity_id"),
        (StageHistory, "opportunity_id stint"),
        (StageFunnel, "cohort_month stage_rank"),
        (PipelineMonthly, "month stage"),
        (PipelineWaterfall, "month measure"),
        (OutcomesMonthly, "month"),
        (Touches, "opportunity_id dimension value"),
        (Attribution, "model dimension value outcome"),
        (Hygiene, "opportunity_id rule"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_one_row_per_key(schema: type, key: str) -> None:
    assert declaration(schema).primary_key == tuple(key.split())
