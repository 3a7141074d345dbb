import gc
import logging
import re
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from staging_world import Row, connect_to_staging, create_table, model_fields

from expectations.landing import landing_rules
from expectations.quarantine import quarantine
from expectations.rules import Expectation, Rule, Target, in_set, is_present
from expectations.validation import RuleError, holding, validate

VERSIONS = "opportunity_versions"
FIELDS = model_fields(VERSIONS, "life_cycle__stage", "project__title", "opportunity_type")
TITLE = "Jane Doe's merger {now} :now %s"


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with connect_to_staging() as connection:
        yield connection


def version(row_key: str, stage: str = "Prospect", title: str = "a", kind: str = "Expansion") -> Row:
    return {
        "row_key": row_key,
        "opportunity_id": row_key,
        "is_excluded": False,
        "life_cycle__stage": stage,
        "project__title": title,
        "opportunity_type": kind,
    }


def stage_rule(failing_rows: str) -> Rule:
    return Rule("own", VERSIONS, "life_cycle__stage", "critical", failing_rows)


def check(connection: duckdb.DuckDBPyConnection, *rules: Rule) -> list[str]:
    _, failed = validate(connection, "staging", rules, run_id="r1", suite="landing")
    return [rule.id for rule in failed]


def test_severity_decides_and_not_that_some_rule_failed(connection: duckdb.DuckDBPyConnection) -> None:
    create_table(connection, VERSIONS, [version("O1", stage="", kind="?")])
    rules = [
        is_present(Target(VERSIONS, "life_cycle__stage", "critical")),
        in_set(Target(VERSIONS, "life_cycle__stage", "critical", "excluded"), "excluding", ["Prospect"]),
        in_set(Target(VERSIONS, "opportunity_type", "warning", "nulled"), "nulling", ["Expansion"]),
        in_set(Target(VERSIONS, "opportunity_type", "info"), "informing", ["Expansion"]),
        in_set(Target(VERSIONS, "opportunity_type", "critical"), "gating", ["Expansion"]),
    ]
    results, failed = validate(connection, "staging", rules, run_id="r1", suite="landing")
    assert results["success"].to_list() == [True, False, False, False, False]
    assert results["severity"].to_list() == ["critical", "critical", "warning", "info", "critical"]
    assert [rule.name for rule in holding(failed)] == ["gating"]


@pytest.mark.parametrize("run_id", ["20261123T032845Z-9921", "20261123T032845Z-12ab", "r1"])
def test_a_run_id_is_no_date(connection: duckdb.DuckDBPyConnection, run_id: str) -> None:
    """Great Expectations parses a run's name as a date: -9921 would be a time zone four days off."""
    create_table(connection, VERSIONS, [version("O1")])
    rule = is_present(Target(VERSIONS, "life_cycle__stage", "critical"))
    results, _ = validate(connection, "staging", [rule], run_id=run_id, suite="landing")
    assert results["run_id"].to_list() == [run_id]


def test_results_are_the_same_each_time(connection: duckdb.DuckDBPyConnection) -> None:
    create_table(connection, VERSIONS, [version("O1", stage=""), version("O2", title="x" * 300)])
    rules = landing_rules(FIELDS)
    first, second = (validate(connection, "staging", rules, run_id="r1", suite="landing") for _ in range(2))
    assert first[0].equals(second[0])
    assert first[1] == second[1]


@pytest.mark.parametrize(
    "condition",
    [
        "life_cycle__stage = 'a {b}'",
        "life_cycle__stage = 'at 10:30 :x ::y'",
        "life_cycle__stage LIKE '100% %s'",
        "life_cycle__stage = 'it''s $1 ?'",
        "regexp_matches(life_cycle__stage, '^x{3}$')",
    ],
)
def test_sql_reaches_duckdb_as_it_is_written(connection: duckdb.DuckDBPyConnection, condition: str) -> None:
    stages = ("a {b}", "at 10:30 :x ::y", "100% %s", "it's $1 ?", "xxx")
    create_table(connection, VERSIONS, [version(stage, stage) for stage in stages])
    rule = Target(VERSIONS, "life_cycle__stage", "warning", "nulled").on_values("own", condition)
    results, failed = validate(connection, "staging", [rule], run_id="r1", suite="landing")
    assert results["unexpected"].to_list() == [1]
    assert len(quarantine(connection, "staging", failed, run_id="r1")) == 1


def test_a_rule_on_a_column_that_is_not_there_is_a_fault(connection: duckdb.DuckDBPyConnection) -> None:
    create_table(connection, VERSIONS, [version("O1")])
    with pytest.raises(RuleError, match=rf"{VERSIONS}\.gone\.is_present could not be evaluated.*gone"):
        check(connection, is_present(Target(VERSIONS, "gone", "critical")))
    with pytest.raises(RuleError, match=r"own could not be evaluated"):
        check(connection, stage_rule("SELECT row_key FROM {batch} WHERE gone"))


def test_a_fault_does_not_tell_the_data(connection: duckdb.DuckDBPyConnection) -> None:
    create_table(connection, VERSIONS, [version("O1", title=TITLE)])
    failing = "SELECT row_key FROM {batch} WHERE CAST(project__title AS INTEGER) = 1"
    with pytest.raises(RuleError, match=r"own could not be evaluated: ConversionException$") as fault:
        check(connection, stage_rule(failing))
    assert "Jane" not in str(fault.value)


@pytest.mark.parametrize("failing", ["false", "life_cycle__stage <> 'Prospect' OR row_key = 'O1'"])
def test_the_two_statements_of_a_rule_must_agree(connection: duckdb.DuckDBPyConnection, failing: str) -> None:
    create_table(connection, VERSIONS, [version("O1"), version("O2", stage="?")])
    stated = Expectation("ExpectColumnValuesToBeInSet", {"column": "life_cycle__stage", "value_set": ["Prospect"]})
    rule = Rule(
        "own",
        VERSIONS,
        "life_cycle__stage",
        "warning",
        f"SELECT row_key FROM {{batch}} WHERE {failing}",
        expectation=stated,
    )
    with pytest.raises(RuleError, match="1 rows fail the expectation"):
        check(connection, rule)


def test_no_query_says_join(connection: duckdb.DuckDBPyConnection) -> None:
    create_table(connection, VERSIONS, [version("O1")])
    with pytest.raises(RuleError):  # Great Expectations then gives the table no alias
        check(connection, stage_rule("SELECT subselect.row_key FROM {batch} JOIN (SELECT 1) AS one ON true"))


def test_thousands_of_failing_rows_are_all_quarantined(connection: duckdb.DuckDBPyConnection) -> None:
    create_table(connection, VERSIONS, [version("O0")])
    connection.execute(
        f"INSERT INTO staging.{VERSIONS} SELECT 'O' || i, 'O' || i, false, '?', 'a', '??', NULL "
        "FROM range(1, 20001) r(i)"
    )
    results, failed = validate(connection, "staging", landing_rules(FIELDS), run_id="r1", suite="landing")
    assert sorted(results.filter(~results["success"])["unexpected"]) == [20_000, 20_000]
    rows = quarantine(connection, "staging", failed, run_id="r1")
    assert rows.group_by("column_name", "action").len().sort("action").rows() == [
        ("life_cycle__stage", "excluded", 20_000),
        ("opportunity_type", "nulled", 20_000),
    ]
    left = f"SELECT count(*) FILTER (is_excluded), count(opportunity_type) FROM staging.{VERSIONS}"
    assert connection.execute(left).fetchall() == [(20_000, 1)]


def test_a_second_quarantine_finds_no_more_values(connection: duckdb.DuckDBPyConnection) -> None:
    create_table(connection, VERSIONS, [version("O1", kind="?"), version("O2", title="x" * 300)])
    rules = landing_rules(FIELDS)
    _, failed = validate(connection, "staging", rules, run_id="r1", suite="landing")
    assert len(quarantine(connection, "staging", failed, run_id="r1")) == 2
    assert check(connection, *rules) == []


def test_the_callers_session_stays_as_it_was(connection: duckdb.DuckDBPyConnection) -> None:
    create_table(connection, VERSIONS, [version("O1", stage="?")])
    before = connection.execute("SELECT current_database(), current_schema()").fetchall()
    _, failed = validate(connection, "staging", landing_rules(FIELDS), run_id="r1", suite="landing")
    quarantine(connection, "staging", failed, run_id="r1")
    assert connection.execute("SELECT current_database(), current_schema()").fetchall() == before
    assert connection.execute("SELECT count(*) FROM duckdb_tables() WHERE temporary").fetchall() == [(0,)]


def test_a_terminal_stays_quiet(
    connection: duckdb.DuckDBPyConnection,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    create_table(connection, VERSIONS, [version("O1", stage="?", title=TITLE * 20)])
    rules = landing_rules(FIELDS)
    with caplog.at_level(logging.WARNING):
        _, failed = validate(connection, "staging", rules, run_id="r1", suite="landing", data_docs=tmp_path)
        quarantine(connection, "staging", failed, run_id="r1")
    assert capfd.readouterr() == ("", "")
    assert caplog.records == []


def test_data_docs_hold_no_values(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    create_table(connection, VERSIONS, [version("O1", stage="Not a stage", title=TITLE * 20)])
    rules = [
        *landing_rules(FIELDS),
        Target(VERSIONS, "project__title", "warning").on_values("own", "length(project__title) > 255"),
    ]
    _, failed = validate(connection, "staging", rules, run_id="r1", suite="landing", data_docs=tmp_path)
    assert len(failed) == 3
    pages = "".join(page.read_text(encoding="utf-8") for page in tmp_path.rglob("*.html"))
    assert "life_cycle__stage" in pages
    assert "Not a stage" not in pages
    assert "Jane" not in pages


def test_each_run_replaces_the_data_docs_of_its_suite(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    create_table(connection, VERSIONS, [version("O1")])
    rules = landing_rules(FIELDS)
    docs = tmp_path / "quality"

    def run(run_id: str, suite: str) -> set[Path]:
        validate(connection, "staging", rules, run_id=run_id, suite=suite, data_docs=docs)
        return {page for page in docs.rglob("*.html") if suite in page.parts}

    first = run("run-1", "landing")
    second = run("run-2", "landing")
    assert first == second
    assert all("run run-2" in page.read_text(encoding="utf-8") for page in second)
    run("run-2", "marts")
    index = (docs / "index.html").read_text(encoding="utf-8")
    assert re.findall("<h2>(.*)</h2>", index) == ["landing, run run-2", "marts, run run-2"]
    pages = [docs / href for href in re.findall('href="([^"]+)"', index)]
    assert pages == [docs / suite / f"{VERSIONS}.html" for suite in ("landing", "marts")]
    links = re.findall('href="([^"#]+)"', pages[0].read_text(encoding="utf-8"))
    assert {link for link in links if not link.startswith("http")} == {"../index.html"}
    assert sorted(path.name for path in docs.iterdir()) == ["index.html", "landing", "marts"]


def test_data_docs_ask_no_other_host_for_anything(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    create_table(connection, VERSIONS, [version("O1", stage="Not a stage")])
    validate(connection, "staging", landing_rules(FIELDS), run_id="r1", suite="landing", data_docs=tmp_path)
    pages = list(tmp_path.rglob("*.html"))
    assert len(pages) == 2
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert "<script" not in text
        assert (
            re.findall(r"""(?:src|href)=["']https?:[^"']+""", re.sub(r"<footer>.*?</footer>", "", text, flags=re.S))
            == []
        )


def test_the_index_puts_broken_tables_first(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    create_table(connection, VERSIONS, [version("O1", stage="Not a stage")])
    create_table(connection, "a_table", [{"row_key": "1"}])
    rules = [*landing_rules(FIELDS), is_present(Target("a_table", "row_key", "critical"))]
    validate(connection, "staging", rules, run_id="r1", suite="landing", data_docs=tmp_path)
    rows = re.findall(r">(\w+)</a></td><td>(\d+)</td><td>(\d+)</td>", (tmp_path / "index.html").read_text("utf-8"))
    assert [(table, broken) for table, _, broken in rows] == [(VERSIONS, "1"), ("a_table", "0")]


def test_a_table_without_rows_has_no_page_and_may_still_break_a_rule(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    present = is_present(Target(VERSIONS, "project__title", "warning"))
    some = stage_rule("SELECT 'none' AS row_key FROM {batch} HAVING count(*) = 0")
    create_table(connection, VERSIONS, [version("O1")])
    validate(connection, "staging", [present, some], run_id="r1", suite="landing", data_docs=tmp_path)
    assert (tmp_path / f"landing/{VERSIONS}.html").exists()
    connection.execute(f"DELETE FROM staging.{VERSIONS}")
    results, failed = validate(connection, "staging", [present, some], run_id="r2", suite="landing", data_docs=tmp_path)
    assert results.select("success", "evaluated", "unexpected").rows() == [(True, 0, 0), (False, 0, 1)]
    assert failed == [some]
    assert not (tmp_path / f"landing/{VERSIONS}.html").exists()


def test_garbage_is_collected_again_after_it(connection: duckdb.DuckDBPyConnection) -> None:
    create_table(connection, VERSIONS, [version("O1")])
    check(connection, is_present(Target(VERSIONS, "project__title", "warning")))
    assert gc.isenabled()
