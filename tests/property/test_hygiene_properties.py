"""Hygiene finds each fault once, only where its rule applies, and whatever becomes of other opportunities."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

import polars as pl
from built_tables import tables_of_records
from history_strategies import few_records, late_days
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from record_strategies import thresholds
from reporting_strategies import reporting_currencies
from strategies import AS_OF, World

from transforms.currency import ReportingCurrency
from transforms.hygiene_rules import HYGIENE_RULES, with_run
from transforms.limits import Thresholds
from transforms.money import MONEY

ALLOWED = {
    "Committed": {rule.id for rule in HYGIENE_RULES} - {"missing_closed_lost_reason"},
    "Launched": {"missing_solution", "missing_fx_rate"},
    "Closed Lost": {"missing_closed_lost_reason", "missing_fx_rate"},
    None: {"missing_fx_rate"},
}
OPEN_BEFORE_COMMITTED = ALLOWED["Committed"] - {"missing_solution"}

one_of_few = st.sampled_from(["O1", "O2", "O10"])


@settings(max_examples=40)
@given(few_records, late_days, reporting_currencies, thresholds)
def test_a_rule_is_broken_once_at_most_and_only_where_it_applies(
    world: World, as_of: date, reporting: ReportingCurrency, thresholds: Thresholds
) -> None:
    built = tables_of_records(world, as_of, reporting, thresholds)
    findings = built["hygiene"]
    assert not findings.select("opportunity_id", "rule").is_duplicated().any()
    stages = dict(built["opportunities"].select("opportunity_id", "stage").iter_rows())
    for opportunity_id, rule in findings.select("opportunity_id", "rule").iter_rows():
        assert rule in ALLOWED.get(stages[opportunity_id], OPEN_BEFORE_COMMITTED)


@settings(max_examples=25)
@given(few_records, late_days, reporting_currencies, one_of_few)
def test_other_opportunities_change_nothing(
    world: World, as_of: date, reporting: ReportingCurrency, opportunity_id: str
) -> None:
    rest = tables_of_records(world, as_of, reporting)["hygiene"].filter(pl.col("opportunity_id") != opportunity_id)
    assert_frame_equal(tables_of_records(world.without(opportunity_id), as_of, reporting)["hygiene"], rest)


@settings(max_examples=25)
@given(few_records, late_days, reporting_currencies)
def test_earlier_versions_and_snapshots_change_nothing(world: World, as_of: date, reporting: ReportingCurrency) -> None:
    """What is found is in the last version alone, but for amounts of the past that cannot be converted."""
    whole = tables_of_records(world, as_of, reporting)
    last = dict(whole["opportunities"].select("opportunity_id", "last_modified_at").iter_rows())
    alone = replace(
        world.only(lambda opportunity_id: opportunity_id in last),
        versions=[row for row in world.versions if row["last_modified_at"] == last.get(row["opportunity_id"])],
        snapshots=[],
    )
    found = [table["hygiene"] for table in (tables_of_records(alone, as_of, reporting), whole)]
    assert_frame_equal(*(table.filter(pl.col("rule") != "missing_fx_rate") for table in found))
    now, ever = (set(table.filter(rule="missing_fx_rate")["opportunity_id"]) for table in found)
    assert now <= ever


@settings(max_examples=25)
@given(few_records, late_days, st.sampled_from(["stale_after_days", "duration_tolerance_months"]))
def test_a_wider_threshold_finds_less_and_changes_no_other_rule(world: World, as_of: date, name: str) -> None:
    rules = {"stale_after_days": "stale", "duration_tolerance_months": "duration_disagrees_with_dates"}
    found = [
        tables_of_records(world, as_of, thresholds=replace(Thresholds(), **{name: limit}))["hygiene"]
        for limit in (5, 13)
    ]
    of_others = [table.filter(pl.col("rule") != rules[name]) for table in found]
    assert_frame_equal(*of_others)
    narrow, wide = (set(table.filter(rule=rules[name]).rows()) for table in found)
    assert wide <= narrow


@settings(max_examples=300)
@given(st.integers(0, 10**4) | st.integers(0, 10**18), st.integers(0, 10**4))
def test_the_tolerated_share_is_exact_and_whole_cents_beyond_it_are_found(aws_cents: int, share: int) -> None:
    """Of the amounts around both bounds: the one at a bound is tolerated, the next cent is not."""
    tolerated = Fraction(aws_cents * share, 10_000)
    bounds = [int(aws_cents - tolerated), int(aws_cents + tolerated)]
    deals = sorted({max(0, bound + step) for bound in bounds for step in (-1, 0, 1)})
    rule = next(rule for rule in HYGIENE_RULES if rule.id == "tcv_disagrees_with_mrr")
    records = pl.LazyFrame(
        {"deal_mrr": [Decimal(f"{cents}e-2") for cents in deals], "aws_mrr": Decimal(f"{aws_cents}e-2")},
        {"deal_mrr": MONEY, "aws_mrr": MONEY},
    ).with_columns(is_open=True, aws_currency_code=pl.lit("EUR"), deal_currency_code=pl.lit("EUR"))
    thresholds = Thresholds(mrr_tolerance_share=Decimal(f"{share}e-4"))
    found = records.pipe(with_run, AS_OF, thresholds).select(rule.is_broken).collect().to_series()
    assert found.to_list() == [abs(cents - aws_cents) > tolerated for cents in deals]
