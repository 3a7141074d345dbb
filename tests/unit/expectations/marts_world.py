"""Four opportunities in three months, as every mart shows them on 2026-03-31; made by hand.

O1 is observed from January on, out of sight for a week then, skips to Committed in February and is launched in March.
O2 is created in January, first observed in February, lost at the start of March and open again by a snapshot of the
same instant, from which on it is out of sight for a day. O3 is lost before it was ever seen open, and out of sight for
a day in March. O4 has no stage yet.
"""

import re
from contextlib import closing

import dataframely as dy
import duckdb
from records_world import (
    FX_RATES,
    HYGIENE,
    RECORD_FACTS,
    SIGHTS,
    SNAPSHOTS,
    TOUCHES,
    VALUES_OF_SNAPSHOTS,
    VALUES_OF_VERSIONS,
    VERSIONS,
    attribution,
)

from expectations.marts import MartTable, declared_rules, marts_rules
from expectations.rules import Rule
from expectations.validation import holding, validate
from transforms.attribution import Attribution
from transforms.currency import FxRates
from transforms.hygiene import Hygiene
from transforms.month_ends import MonthEnds
from transforms.observations import Observations
from transforms.opportunities import Opportunities
from transforms.outcomes_monthly import OutcomesMonthly
from transforms.pipeline_monthly import PipelineMonthly
from transforms.pipeline_waterfall import PipelineWaterfall
from transforms.record_facts import RecordFacts
from transforms.schema import declaration
from transforms.stage_funnel import StageFunnel
from transforms.stage_history import StageHistory
from transforms.touches import Touches

SCHEMAS: tuple[type[dy.Schema], ...] = (
    Observations,
    Opportunities,
    StageHistory,
    MonthEnds,
    StageFunnel,
    PipelineMonthly,
    PipelineWaterfall,
    OutcomesMonthly,
    Touches,
    Attribution,
    Hygiene,
)

OBSERVATIONS = """
    id  observation  observed_at        evidence  stage                 rank  months  aws_mrr  aws_tcv
    O1  1            2026-01-05 08:00Z  version   Prospect              1     12      100.00   1200.00
    O1  2            2026-01-20 08:00Z  version   Qualified             2     12      100.00   1200.00
    O1  3            2026-01-25 08:00Z  vanished  Qualified             2     12      100.00   1200.00
    O1  4            2026-02-10 08:00Z  version   Committed             5     12      120.00   1440.00
    O1  5            2026-03-03 20:00Z  version   Launched              6     12      120.00   1440.00
    O2  1            2026-02-01 00:00Z  snapshot  Technical Validation  3     -       -        -
    O2  2            2026-02-15 00:00Z  version   -                     -     -       40.00    -
    O2  3            2026-02-20 00:00Z  version   Qualified             2     -       40.00    -
    O2  4            2026-03-01 00:00Z  version   Closed Lost           -     -       40.00    -
    O2  5            2026-03-01 00:00Z  snapshot  Prospect              1     -       50.00    -
    O2  6            2026-03-01 00:00Z  vanished  Prospect              1     -       50.00    -
    O3  1            2026-02-03 12:00Z  version   Closed Lost           -     -       -        -
    O3  2            2026-03-09 00:00Z  vanished  Closed Lost           -     -       -        -
    O4  1            2026-03-04 00:00Z  version   -                     -     -       7.00     -
"""
OPPORTUNITIES = """
    id  stage        rank  open   won    lost   created_at         aws_mrr  _reporting  furthest              rank
    O1  Launched     6     false  true   false  2026-01-05 08:00Z  120.00   120.00      Launched              6
    O2  Closed Lost  -     false  false  true   2026-01-02 00:00Z  32.00    40.00       Technical Validation  3
    O3  Closed Lost  -     false  false  true   2026-02-03 12:00Z  -        -           Prospect              1
    O4  -            -     -      -      -      2026-03-04 00:00Z  7.00     7.00        -                     -
"""
STAGE_HISTORY = """
    id  stint  stage                 rank  entered_at         exited_at          days  movement  censored  evidence
    O1  1      Prospect              1     2026-01-05 08:00Z  2026-01-20 08:00Z  15.0  entry     false     version
    O1  2      Qualified             2     2026-01-20 08:00Z  2026-02-10 08:00Z  21.0  advance   false     version
    O1  3      Committed             5     2026-02-10 08:00Z  2026-03-03 20:00Z  21.5  skip      false     version
    O1  4      Launched              6     2026-03-03 20:00Z  -                  -     advance   false     version
    O2  1      Technical Validation  3     2026-02-01 00:00Z  2026-02-20 00:00Z  19.0  entry     true      snapshot
    O2  2      Qualified             2     2026-02-20 00:00Z  2026-03-01 00:00Z  9.0   regress   false     version
    O2  3      Closed Lost           -     2026-03-01 00:00Z  2026-03-01 00:00Z  0.0   lost      false     version
    O2  4      Prospect              1     2026-03-01 00:00Z  -                  -     reopen    false     snapshot
    O3  1      Closed Lost           -     2026-02-03 12:00Z  -                  -     entry     false     version
"""
MONTH_ENDS = """
    id  month       opening_stage  closing_stage  moved  opening_aws_mrr  _aws_tcv  closing_aws_mrr  _aws_tcv
    O1  2026-01-01  -              Qualified      true   -                -         100.00           1200.00
    O1  2026-02-01  Qualified      Committed      true   100.00           1200.00   120.00           1440.00
    O1  2026-03-01  Committed      Launched       true   120.00           1440.00   120.00           1440.00
    O2  2026-01-01  -              unobserved     false  -                -         -                -
    O2  2026-02-01  unobserved     Qualified      true   -                -         40.00            -
    O2  2026-03-01  Qualified      Prospect       true   40.00            -         50.00            -
    O3  2026-02-01  -              Closed Lost    true   -                -         -                -
    O4  2026-03-01  -              unobserved     false  -                -         -                -
"""
STAGE_FUNNEL = """
    cohort      stage                 rank  reached  advanced  lost  open  to_next  from_first  median  reached_mrr
    2026-01-01  Prospect              1     2        2         0     0     1.0      1.0         15.0    160.00
    2026-01-01  Qualified             2     2        2         0     0     1.0      1.0         15.0    160.00
    2026-01-01  Technical Validation  3     2        1         0     1     0.5      1.0         -       160.00
    2026-01-01  Business Validation   4     1        1         0     0     1.0      0.5         -       120.00
    2026-01-01  Committed             5     1        1         0     0     1.0      0.5         21.5    120.00
    2026-01-01  Launched              6     1        0         0     1     0.0      0.5         -       120.00
    2026-02-01  Prospect              1     1        0         1     0     0.0      1.0         -       -
    2026-02-01  Qualified             2     0        0         0     0     -        0.0         -       0.00
    2026-02-01  Technical Validation  3     0        0         0     0     -        0.0         -       0.00
    2026-02-01  Business Validation   4     0        0         0     0     -        0.0         -       0.00
    2026-02-01  Committed             5     0        0         0     0     -        0.0         -       0.00
    2026-02-01  Launched              6     0        0         0     0     -        0.0         -       0.00
"""
PIPELINE_MONTHLY = """
    month       stage                 opportunities  aws_mrr  aws_tcv  deal_tcv  software_tcv  unobserved
    2026-01-01  Prospect              0              0.00     0.00     0.00      0.00          0
    2026-01-01  Qualified             1              100.00   1200.00  -         -             0
    2026-01-01  Technical Validation  0              0.00     0.00     0.00      0.00          0
    2026-01-01  Business Validation   0              0.00     0.00     0.00      0.00          0
    2026-01-01  Committed             0              0.00     0.00     0.00      0.00          0
    2026-01-01  Launched              0              0.00     0.00     0.00      0.00          0
    2026-01-01  Closed Lost           0              0.00     0.00     0.00      0.00          0
    2026-01-01  unobserved            0              -        -        -         -             1
    2026-02-01  Prospect              0              0.00     0.00     0.00      0.00          0
    2026-02-01  Qualified             1              40.00    -        -         -             0
    2026-02-01  Technical Validation  0              0.00     0.00     0.00      0.00          0
    2026-02-01  Business Validation   0              0.00     0.00     0.00      0.00          0
    2026-02-01  Committed             1              120.00   1440.00  -         -             0
    2026-02-01  Launched              0              0.00     0.00     0.00      0.00          0
    2026-02-01  Closed Lost           1              -        -        -         -             0
    2026-02-01  unobserved            0              -        -        -         -             0
    2026-03-01  Prospect              1              50.00    -        -         -             0
    2026-03-01  Qualified             0              0.00     0.00     0.00      0.00          0
    2026-03-01  Technical Validation  0              0.00     0.00     0.00      0.00          0
    2026-03-01  Business Validation   0              0.00     0.00     0.00      0.00          0
    2026-03-01  Committed             0              0.00     0.00     0.00      0.00          0
    2026-03-01  Launched              1              120.00   1440.00  -         -             0
    2026-03-01  Closed Lost           1              -        -        -         -             0
    2026-03-01  unobserved            0              -        -        -         -             1
"""
PIPELINE_WATERFALL = """
    month       measure  opening  created  discovered  reopened  increased  decreased  won     lost  closing
    2026-01-01  count    0.00     1.00     0.00        0.00      0.00       0.00       0.00    0.00  1.00
    2026-01-01  aws_mrr  0.00     100.00   0.00        0.00      0.00       0.00       0.00    0.00  100.00
    2026-02-01  count    1.00     1.00     1.00        0.00      0.00       0.00       0.00    1.00  2.00
    2026-02-01  aws_mrr  100.00   0.00     40.00       0.00      20.00      0.00       0.00    0.00  160.00
    2026-03-01  count    2.00     0.00     0.00        0.00      0.00       0.00       1.00    0.00  1.00
    2026-03-01  aws_mrr  160.00   0.00     0.00        0.00      10.00      0.00       120.00  0.00  50.00
"""
OUTCOMES_MONTHLY = """
    month       won  lost  win_rate  won_mrr  lost_mrr  median_cycle_days
    2026-02-01  0    1     0.0       0.00     -         0.0
    2026-03-01  1    0     1.0       120.00   0.00      57.5
"""
MARTS = {
    "observations": OBSERVATIONS,
    "opportunities": OPPORTUNITIES,
    "stage_history": STAGE_HISTORY,
    "month_ends": MONTH_ENDS,
    "stage_funnel": STAGE_FUNNEL,
    "pipeline_monthly": PIPELINE_MONTHLY,
    "pipeline_waterfall": PIPELINE_WATERFALL,
    "outcomes_monthly": OUTCOMES_MONTHLY,
    "touches": TOUCHES,
    "attribution": attribution(),
    "hygiene": HYGIENE,
}
VALUES = {"opportunity_versions": VALUES_OF_VERSIONS, "resource_snapshots": VALUES_OF_SNAPSHOTS}
OPS = {"record_facts": RECORD_FACTS, "fx_rates": FX_RATES}
REPORTING_CURRENCY = "USD"


def mart_tables() -> list[MartTable]:
    """Every mart, as the warehouse declares it to the rules."""
    return [_declared(schema) for schema in SCHEMAS]


def _declared(schema: type[dy.Schema]) -> MartTable:
    table = declaration(schema)
    return MartTable(
        table.name,
        {column.name: column.duckdb_type for column in table.columns},
        table.primary_key,
        [column.name for column in table.columns if not column.is_nullable],
    )


def every_rule(tables: list[MartTable]) -> list[Rule]:
    """Every rule of these tables."""
    return marts_rules(tables, reporting_currency=REPORTING_CURRENCY)


def own_rules(*names: str) -> list[Rule]:
    """The rules of the tables of these names that follow from what a table means, not from its declaration."""
    tables = [table for table in mart_tables() if table.name in names]
    declared = {rule.id for table in tables for rule in declared_rules(table)}
    return [rule for rule in every_rule(tables) if rule.id not in declared]


def create_every_mart(connection: duckdb.DuckDBPyConnection) -> None:
    """Make every mart, and the tables of `ops` and of the staging that the rules read, empty."""
    connection.execute("ATTACH ':memory:' AS staging")
    records = {
        "opportunity_versions": "last_modified_at TIMESTAMPTZ, is_excluded BOOLEAN, marketing__campaign_name VARCHAR",
        "resource_snapshots": "created_at TIMESTAMPTZ, is_excluded BOOLEAN",
    }
    for record, columns in records.items():
        connection.execute(f"CREATE TABLE staging.{record} (row_key VARCHAR, opportunity_id VARCHAR, {columns})")
        for path in VALUES[record]:
            connection.execute(f"CREATE TABLE staging.{record}__{path} (parent_key VARCHAR, value VARCHAR)")
    connection.execute(
        "CREATE TABLE staging.opportunity_visibility "
        "(opportunity_id VARCHAR, observed_at TIMESTAMPTZ, is_visible BOOLEAN)"
    )
    for schema, tables in (("marts", mart_tables()), ("ops", [_declared(RecordFacts), _declared(FxRates)])):
        connection.execute(f"CREATE SCHEMA {schema}")
        for table in tables:
            columns = ", ".join(f"{column} {duckdb_type}" for column, duckdb_type in table.columns.items())
            connection.execute(f"CREATE TABLE {schema}.{table.name} ({columns})")


def fill_every_mart(connection: duckdb.DuckDBPyConnection) -> None:
    """Fill the staging and the marts with the four opportunities."""
    insert(connection, "staging.opportunity_versions", VERSIONS)
    insert(connection, "staging.resource_snapshots", SNAPSHOTS)
    insert(connection, "staging.opportunity_visibility", SIGHTS)
    for record, lists in VALUES.items():
        for path, rows in lists.items():
            insert(connection, f"staging.{record}__{path}", rows)
    for schema, tables in (("marts", MARTS), ("ops", OPS)):
        for name, rows in tables.items():
            insert(connection, f"{schema}.{name}", rows)
    connection.execute(
        "UPDATE marts.opportunities SET last_modified_at = created_at, close_date_pushes = 0, is_visible = true, "
        "aws_arr = 12 * aws_mrr, aws_arr_reporting = 12 * aws_mrr_reporting"
    )


def insert(connection: duckdb.DuckDBPyConnection, table: str, rows: str) -> None:
    """Insert the rows of a literal table, in which `-` is null, under shortened names of columns in their order."""
    header, *lines = (re.split(r"\s{2,}", line.strip()) for line in rows.strip().splitlines())
    declared = iter([name for name, *_ in connection.execute(f"DESCRIBE {table}").fetchall()])
    columns = [next(column for column in declared if name in column) for name in header]
    places = ", ".join("?" for _ in columns)
    texts = [[None if text == "-" else text for text in line] for line in lines]
    if texts:
        connection.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})", texts)


def change(connection: duckdb.DuckDBPyConnection, table: str, row_key: str, assignments: str | None) -> None:
    """Change the one row of a mart that has this key; without assignments, delete it."""
    (mart,) = (mart for mart in mart_tables() if mart.name == table)
    statement = f"UPDATE marts.{table} SET {assignments}" if assignments else f"DELETE FROM marts.{table}"
    assert connection.execute(f"{statement} WHERE {mart.row_key} = ?", [row_key]).fetchall() == [(1,)]


def rule_ids(table: str, failed: str) -> set[str]:
    """The rules of a list of names, in which those of `table` stand without the table."""
    return {name if name.count(".") == 2 else f"{table}.{name}" for name in failed.split()}


def broken_by(connection: duckdb.DuckDBPyConnection, table: str) -> set[str]:
    """The ids of the rules of any table that fail by their SQL; of those of `table`, validation says the same."""
    found = broken_by_sql(connection, own_rules(*MARTS))
    rules = own_rules(table)
    suspects = [rule for rule in rules if rule.id in found]
    assert broken(connection, suspects or rules) == {rule.id for rule in suspects}
    return found


def broken(connection: duckdb.DuckDBPyConnection, rules: list[Rule]) -> set[str]:
    """The ids of the rules that fail in a validation of the marts; each one holds the publication."""
    _, failed = validate(connection, "marts", rules, run_id="r1", suite="marts")
    assert holding(failed) == failed
    return {rule.id for rule in failed}


def broken_by_sql(connection: duckdb.DuckDBPyConnection, rules: list[Rule]) -> set[str]:
    """The ids of the rules that fail by their SQL, which takes a hundredth of the time of a validation."""
    with closing(connection.cursor()) as session:
        session.execute("USE marts")
        return {rule.id for rule in rules if rule.failing_rows and _has_rows(session, rule.failing_in(rule.table))}


def _has_rows(session: duckdb.DuckDBPyConnection, query: str) -> bool:
    return session.execute(f"SELECT 1 FROM ({query}) LIMIT 1").fetchone() is not None
