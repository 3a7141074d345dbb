"""A night against the sandbox, over HTTP, into real files: what is published, and what the next nights cost."""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from processes import NOW, Clock, rows, settings_for

from pipelines.errors import ConfigurationError, QualityGateError
from pipelines.nightly import Outcome, run_nightly
from pipelines.sandbox.server import Sandbox
from pipelines.settings import Settings
from pipelines.status import print_status

AS_OF = NOW.date()
OPPORTUNITIES = 150
EXACT = "opportunity_id, stage, contract_months, aws_mrr, deal_tcv, deal_mrr, aws_tcv, aws_arr, aws_acv, software_tcv"


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return settings_for(tmp_path_factory.mktemp("night") / "data")


@pytest.fixture(scope="module")
def first(settings: Settings, sandbox: Sandbox) -> Outcome:
    """The first night: everything is new."""
    return run_nightly(settings, as_of=AS_OF)


def whole(settings: Settings, table: str) -> list[tuple]:
    return rows(settings, f"FROM {table} ORDER BY ALL")


def plain_months(record: dict) -> int | None:
    duration = (record.get("Project") or {}).get("ExpectedContractDuration") or {}
    value = duration.get("Value") or ""
    is_whole = value.isascii() and value.isdigit()
    return int(value) if duration.get("Term") == "Months" and is_whole and 1 <= int(value) <= 144 else None


def cents(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.01"), rounding="ROUND_HALF_UP")


def plain_revenue(record: dict) -> tuple:
    """The revenue rules once more, on the record as AWS holds it, slowly and in plain Python."""
    known = {"USD", "EUR"}  # what the demo world uses on purpose; anything else in it is a bad value
    spend = (record.get("Project") or {}).get("ExpectedCustomerSpend") or []
    months = plain_months(record)
    amounts = {"AWS": [], "Self": []}
    for entry in spend:
        amount = Decimal(entry["Amount"]) if entry.get("Amount") else None
        amounts[entry["TargetCompany"]].append((amount, entry["CurrencyCode"]))
    aws, own = amounts["AWS"], amounts["Self"]
    is_sum = (
        aws and None not in [amount for amount, _ in aws] and (len(aws) == 1 or len({code for _, code in aws}) == 1)
    )
    is_sum = is_sum and (len(aws) == 1 or {code for _, code in aws} <= known)
    aws_mrr = sum(amount for amount, _ in aws) if is_sum else None
    deal_tcv = own[0][0] if len(own) == 1 else None
    software = ((record.get("SoftwareRevenue") or {}).get("Value") or {}).get("Amount")
    both = months is not None and aws_mrr is not None
    return (
        record["Id"],
        record["LifeCycle"]["Stage"],
        months,
        aws_mrr,
        deal_tcv,
        None if months is None or deal_tcv is None else cents(deal_tcv / months),
        aws_mrr * months if both else None,
        None if aws_mrr is None else aws_mrr * 12,
        aws_mrr * min(12, months) if both else None,
        Decimal(software) if software else None,
    )


def test_published_revenue_is_what_aws_holds(first: Outcome, settings: Settings, sandbox: Sandbox) -> None:
    records = sandbox.stores["Sandbox"].records.values()
    expected = sorted(plain_revenue(record) for record in records if record["LifeCycle"]["Stage"] != "Negotiation")
    published = rows(settings, f"SELECT {EXACT} FROM marts.opportunities ORDER BY opportunity_id")
    assert published == expected
    assert sum(row[5] is not None for row in published) > 20  # the world has deals with a TCV and a duration


def test_no_opportunity_is_lost(first: Outcome, settings: Settings, sandbox: Sandbox) -> None:
    published = {row[0] for row in rows(settings, "SELECT opportunity_id FROM marts.opportunities")}
    excluded = {
        row[0] for row in rows(settings, "SELECT opportunity_id FROM quality.quarantine WHERE action = 'excluded'")
    }
    assert published | excluded == set(sandbox.stores["Sandbox"].records)
    assert published.isdisjoint(excluded)
    assert first.built.rows == len(published)


def test_first_load_costs_the_fewest_calls(first: Outcome, sandbox: Sandbox) -> None:
    opportunities = len(sandbox.stores["Sandbox"].records)
    assert first.counts.opportunities_fetched == opportunities
    assert first.counts.retries == 0
    engagements = len(sandbox.stores["Sandbox"].engagements)
    pages = -(-opportunities // 100)
    lists = 2 * pages + 1 + 1 + engagements  # opportunities, to count and to fetch; associations, solutions, snapshots
    assert first.counts.calls == lists + 2 * opportunities + first.counts.snapshots_fetched


def test_every_table_and_column_says_what_it_is(first: Outcome, settings: Settings) -> None:
    tables = rows(settings, "SELECT schema_name || '.' || table_name, comment FROM duckdb_tables() ORDER BY ALL")
    marts = [
        *("attribution", "hygiene", "month_ends", "observations", "opportunities", "outcomes_monthly"),
        *("pipeline_monthly", "pipeline_waterfall", "stage_funnel", "stage_history", "touches"),
    ]
    ops = "attribution_sums basis checked fx_rates inputs month_transitions offences record_facts runs".split()
    quality = ["quarantine", "results"]
    assert [name for name, _ in tables] == [
        *(f"marts.{name}" for name in marts),
        *(f"ops.{name}" for name in ops),
        *(f"quality.{name}" for name in quality),
    ]
    assert all(comment.startswith("One row per ") for _, comment in tables)
    bare = rows(settings, "SELECT table_name, column_name FROM duckdb_columns() WHERE NOT internal AND comment IS NULL")
    assert bare == []


def test_run_is_recorded(first: Outcome, settings: Settings) -> None:
    ((as_of, catalog, status, calls, published, error),) = rows(
        settings, "SELECT as_of, catalog, status, calls, rows_published, error FROM ops.runs"
    )
    assert (as_of, catalog, status, error) == (AS_OF, "Sandbox", "published", None)
    assert (calls, published) == (first.counts.calls, first.built.rows)


def test_status_says_what_one_asks_in_the_morning(
    first: Outcome, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    print_status(settings, datetime.now(UTC) + timedelta(hours=4))
    shown = capsys.readouterr().out
    assert shown.startswith(f"Stale: published 4 h ago, but as of {AS_OF}, a day that ended ")
    assert f"Reads in the last 24 h: {first.counts.calls:,} of the 100,000" in shown
    assert f"marts.opportunities: {first.built.rows:,} rows" in shown
    assert re.search(r"Quality: \d+ rules checked, \d+ broken; 1 opportunities with an excluded record", shown)
    assert all(len(line) <= 80 for line in shown.splitlines() if "published" in line.split())


def test_rules_are_recorded_and_documented(first: Outcome, settings: Settings) -> None:
    suites = rows(
        settings, "SELECT suite, count(*) > 50 FROM quality.results WHERE suite <> 'drift' GROUP BY ALL ORDER BY ALL"
    )
    assert suites == [("landing", True), ("marts", True)]
    assert (settings.quality_path / "index.html").is_file()
    assert (settings.quality_path / "landing" / "opportunity_versions.html").is_file()


def test_nothing_is_left_behind(first: Outcome, settings: Settings) -> None:
    kept = {".lock", "landing.duckdb", "warehouse.duckdb", "quality"}
    assert {path.name for path in settings.data_dir.iterdir()} == kept


def test_a_night_without_changes_lists_alone_and_publishes_the_same(first: Outcome, settings: Settings) -> None:
    """A reader keeps what it opened."""
    before, runs = whole(settings, "marts.opportunities"), "SELECT count(*) FROM ops.runs"
    with duckdb.connect(settings.warehouse_path, read_only=True) as reader:
        seen = reader.execute(runs).fetchall()
        second = run_nightly(settings, as_of=AS_OF)
        assert reader.execute(runs).fetchall() == seen
    assert rows(settings, runs) > seen
    assert second.counts.calls == 5  # all opportunities in two pages, what changed, associations, solutions
    assert second.counts.opportunities_fetched == second.counts.snapshots_fetched == 0
    assert whole(settings, "marts.opportunities") == before


def test_a_past_date_shows_what_was_known_then(first: Outcome, settings: Settings, sandbox: Sandbox) -> None:
    long_ago = AS_OF - timedelta(days=60)
    end = datetime(long_ago.year, long_ago.month, long_ago.day, tzinfo=UTC) + timedelta(days=1)
    run_nightly(settings, as_of=long_ago)
    modified = rows(settings, "SELECT max(last_modified_at) < ? FROM marts.opportunities".replace("?", f"'{end}'"))
    assert modified == [(True,)]


def test_changes_cost_two_calls_each_and_new_snapshots(
    first: Outcome, settings: Settings, sandbox: Sandbox, clock: Clock
) -> None:
    store = sandbox.stores["Sandbox"]
    clock.now += timedelta(minutes=1)
    changed = sorted(store.records)[:3]
    for opportunity_id in changed:
        store.edit(opportunity_id, clock.now, {"Project.Title": f"Renamed {opportunity_id}"})
    engaged = {e.opportunity_id for e in store.engagements.values()} if changed else set()
    night = run_nightly(settings, as_of=AS_OF)
    assert night.counts.opportunities_fetched == 3
    assert night.counts.calls == 5 + 2 * 3 + len(engaged.intersection(changed)) + night.counts.snapshots_fetched
    titles = rows(settings, "SELECT opportunity_id FROM marts.opportunities WHERE starts_with(title, 'Renamed')")
    assert sorted(row[0] for row in titles) == changed


def test_too_many_excluded_hold_the_publication_and_full_reads_everything_again(
    first: Outcome, settings: Settings, sandbox: Sandbox, clock: Clock
) -> None:
    store = sandbox.stores["Sandbox"]
    published = settings.warehouse_path.read_bytes()
    clock.now += timedelta(minutes=1)
    broken = sorted(store.records)[-10:]  # 10 of 151 are more than 5 %
    kept = {opportunity_id: store.records[opportunity_id]["LifeCycle"]["Stage"] for opportunity_id in broken}
    for opportunity_id in broken:
        store.edit(opportunity_id, clock.now, {"LifeCycle.Stage": "Daydreaming"})
    with pytest.raises(QualityGateError, match="of 151 opportunities would be excluded"):
        run_nightly(settings, as_of=AS_OF)
    assert settings.warehouse_path.read_bytes() == published
    with duckdb.connect(settings.landing_path, read_only=True) as landing:
        last = landing.execute("SELECT run_id, status FROM ops.runs ORDER BY started_at DESC LIMIT 1").fetchall()
        assert last[0][1] == "held"
        values = landing.execute(
            "SELECT DISTINCT value FROM quality.quarantine WHERE run_id = ? AND rule = 'in_enum' AND "
            "action = 'excluded' AND value = 'Daydreaming'",
            [last[0][0]],
        ).fetchall()
        assert values == [("Daydreaming",)]
    clock.now += timedelta(minutes=1)
    for opportunity_id, stage in kept.items():
        store.edit(opportunity_id, clock.now, {"LifeCycle.Stage": stage})
    night = run_nightly(settings.model_copy(update={"full": True}), as_of=AS_OF)
    assert night.counts.opportunities_fetched == len(store.records)
    assert len(whole(settings, "marts.opportunities")) == first.built.rows


def test_another_catalog_needs_a_directory_of_its_own(first: Outcome, settings: Settings) -> None:
    with pytest.raises(ConfigurationError, match="holds catalog Sandbox, not AWS"):
        run_nightly(settings.model_copy(update={"catalog": "AWS"}), as_of=AS_OF)


def test_an_empty_partner_account_publishes_empty_marts(sandbox: Sandbox, tmp_path: Path) -> None:
    settings = settings_for(tmp_path / "data").model_copy(update={"catalog": "AWS"})
    night = run_nightly(settings, as_of=date(2026, 1, 1))
    assert night.built.rows == 0
    assert whole(settings, "marts.opportunities") == []
    assert night.counts.calls == 4  # the full listing, what changed, associations, solutions
