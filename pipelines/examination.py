"""Hold what landed against AWS's service model: which records are malformed, and what the model does not know.

Every payload is examined once, when it has landed, and again only when the model or this examination has changed.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import dataframely as dy
import duckdb
import polars as pl

import pipelines.partner_central.members as examining
from expectations.schema import DRIFT_SUITE, Results
from pipelines.database import has_table, transaction
from pipelines.partner_central.members import Member, all_members, examine, member_tree
from pipelines.partner_central.service_model import member_paths, payloads, staged_fields
from pipelines.staging import LANDING_DATASET, row_key_sql
from pipelines.tables import append_rows, create_table
from transforms.schema import declaration

QUALITY = "landing.quality"
FETCHES_AT_ONCE = 50  # bounds the memory of a first examination: a fetch is one page, of some hundred records
PAYLOADS_AT_ONCE = 100  # taken out of DuckDB: one may have 10 MB
LISTED_MEMBERS = 10  # in what is said of one malformed record
NOTED_FINDINGS = 1_000  # distinct ones, of a table and a run
REPORTED_FINDINGS = 100  # of them
OTHERS = "(and others)"
VALUE_CHARACTERS = 60


class Examined(dy.Schema):
    """One row per landing table and fetch whose payloads have been examined."""

    landing_table = dy.String(primary_key=True, description="Table of the payloads.")
    fetched_at = dy.Datetime(
        time_unit="us", time_zone="UTC", primary_key=True, description="When they were fetched, in one go."
    )
    model = dy.String(description="Hash of what was known of their members, and of the code that examined them.")


class Malformed(dy.Schema):
    """One row per malformed record of the landing: a member that the service model knows has another type or shape."""

    landing_table = dy.String(primary_key=True, description="Table of the record.")
    row_key = dy.String(primary_key=True, description="Key of the record, as the staging makes it.")
    members = dy.String(description="The members, each with the JSON type that was found and the expected one.")


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that the model does not know: `expectation` says of what kind, `member` where, and what it is."""

    expectation: str
    target: str
    member: str


Findings = Mapping[Finding, tuple[int, int]]
"""In how many payloads, or values, each was found, and of how many."""


@dataclass(slots=True)
class Noted:
    """What a part of the landing has that the model does not know: payloads by finding, and members by record."""

    table: str
    examined: int = 0
    findings: Counter[Finding] = field(default_factory=Counter)
    malformed: dict[str, str] = field(default_factory=dict)

    def add(self, row_key: str, tree: Member, payload: str) -> None:
        """Examine one payload."""
        found = examine(tree, payload)
        self.examined += 1
        self._count("known_member", found.unknown)
        self._count("known_type", found.malformed)
        if found.malformed:
            self.malformed[row_key] = _listed(sorted(found.malformed))

    def _count(self, expectation: str, members: Iterable[str]) -> None:
        for member in sorted(members):
            finding = Finding(expectation, self.table, member)
            if finding in self.findings or len(self.findings) < NOTED_FINDINGS:
                self.findings[finding] += 1


def examine_landing(connection: duckdb.DuckDBPyConnection, run_id: str) -> int:
    """Examine what landed since the last time in the attached `landing`, and keep there what was found.

    Malformed records go to `quality.malformed`, from which the staging takes them; what no run has reported yet goes to
    `quality.results`. Returns how many findings are new. All of it is one transaction, so that a run killed meanwhile
    has examined nothing.
    """
    with transaction(connection):
        return report(connection, run_id, find_drift(connection))


def find_drift(connection: duckdb.DuckDBPyConnection) -> Findings:
    """Examine what is due of the attached `landing`, and keep which records are malformed."""
    trees: dict[str, dict[str, Member]] = {}
    for payload in payloads():
        trees.setdefault(payload.landing_table, {})[payload.operation] = member_tree(payload.shape)
    findings: dict[Finding, tuple[int, int]] = {}
    for schema in (Examined, Malformed):
        create_table(connection, QUALITY, declaration(schema))
    for table, own in trees.items():
        if has_table(connection, LANDING_DATASET, table, database="landing"):
            noted = _examine_table(connection, table, own)
            findings |= {finding: (count, noted.examined) for finding, count in noted.findings.items()}
    return findings


def report_unknown_values(connection: duckdb.DuckDBPyConnection, run_id: str, quarantined: pl.DataFrame) -> int:
    """Report the values outside their enum among `quarantined`, those that no run has reported yet; return how many.

    A value withheld from the quarantine is withheld here, and so is that of every sensitive member: what is reported
    here is printed too.
    """
    paths = member_paths()
    sensitive = {(field.table, field.column) for field in staged_fields() if field.is_sensitive}
    rows = connection.execute(
        f"SELECT target, column_name, evaluated FROM {QUALITY}.results WHERE run_id = ? AND expectation = 'in_enum'",
        [run_id],
    ).fetchall()
    evaluated = {(table, column): count for table, column, count in rows}
    unknown = quarantined.filter(rule="in_enum").group_by("source_table", "column_name", "value").len()
    findings: dict[Finding, tuple[int, int]] = {}
    for table, column, value, count in unknown.iter_rows():
        is_withheld = value is None or (table, column) in sensitive
        member = paths[table, column] + ("" if is_withheld else f" = {printable(value)}")
        finding = Finding("known_value", table.split("__")[0], member)
        alike, _ = findings.get(finding, (0, 0))  # values that differ where they are not shown
        findings[finding] = alike + count, evaluated[table, column]
    return report(connection, run_id, findings)


def _examine_table(connection: duckdb.DuckDBPyConnection, table: str, trees: Mapping[str, Member]) -> Noted:
    """Examine the fetches of a table that are due, and keep that they are examined and which records are malformed."""
    model = _fingerprint(table, trees)
    of_all = Noted(table)
    others = f"SELECT landing_table FROM {QUALITY}.examined WHERE landing_table = ? AND model <> ?"
    for kept in ("malformed", "examined"):
        connection.execute(f"DELETE FROM {QUALITY}.{kept} WHERE landing_table IN ({others})", [table, model])
    due = connection.execute(
        f"SELECT DISTINCT fetched_at FROM landing.{LANDING_DATASET}.{table} ANTI JOIN "
        f"(FROM {QUALITY}.examined WHERE landing_table = ?) USING (fetched_at) ORDER BY ALL",
        [table],
    ).fetchall()
    for start in range(0, len(due), FETCHES_AT_ONCE):
        fetches = [instant for (instant,) in due[start : start + FETCHES_AT_ONCE]]
        _examine_fetches(connection, of_all, trees, fetches)
        examined = pl.DataFrame({"fetched_at": fetches}, {"fetched_at": pl.Datetime("us", "UTC")})
        rows = examined.select(pl.lit(table).alias("landing_table"), "fetched_at", pl.lit(model).alias("model"))
        append_rows(connection, QUALITY, Examined, rows)
    return of_all


def _examine_fetches(
    connection: duckdb.DuckDBPyConnection, noted: Noted, trees: Mapping[str, Member], fetches: list[object]
) -> None:
    """Examine the payloads of some fetches; what an earlier one said of the same records is replaced."""
    landed = f"landing.{LANDING_DATASET}.{noted.table}"
    # The wanted rows are found by their fetch alone, and only then are the payloads read.
    wanted = f"FROM {landed} WHERE rowid IN (SELECT rowid FROM {landed} WHERE fetched_at IN (SELECT unnest($fetches)))"
    row_key = row_key_sql(noted.table)
    connection.execute(
        f"DELETE FROM {QUALITY}.malformed WHERE landing_table = $table AND row_key IN (SELECT {row_key} {wanted})",
        {"table": noted.table, "fetches": fetches},
    )
    operation = "operation" if len(trees) > 1 else f"'{next(iter(trees))}'"
    noted.malformed.clear()
    connection.execute(f"SELECT {row_key}, {operation}, payload {wanted}", {"fetches": fetches})
    while rows := connection.fetchmany(PAYLOADS_AT_ONCE):
        for key, of, payload in rows:
            noted.add(key, trees[of], payload)
    found = {"row_key": list(noted.malformed), "members": list(noted.malformed.values())}
    frame = pl.DataFrame(found, {"row_key": pl.String, "members": pl.String})
    append_rows(connection, QUALITY, Malformed, frame.select(pl.lit(noted.table).alias("landing_table"), pl.all()))


def report(connection: duckdb.DuckDBPyConnection, run_id: str, findings: Findings) -> int:
    """Add findings to `quality.results`, unless a run has reported them before; return how many are new.

    Each is found in a number of payloads, or values, of those that were looked at.
    """
    create_table(connection, QUALITY, declaration(Results))
    known = connection.execute(
        f"SELECT DISTINCT expectation, target, column_name FROM {QUALITY}.results WHERE suite = ?", [DRIFT_SUITE]
    ).fetchall()
    reported = {Finding(*row) for row in known}
    new = sorted(
        (finding for finding in findings if finding not in reported),
        key=lambda finding: (-findings[finding][0], finding.expectation, finding.target, finding.member),
    )
    rows = [_result(run_id, finding, *findings[finding]) for finding in new[:REPORTED_FINDINGS]]
    if others := new[REPORTED_FINDINGS:]:
        of_others = Finding(others[0].expectation, others[0].target, OTHERS)
        rows.append(_result(run_id, of_others, len(others), findings[others[0]][1]))
    append_rows(connection, QUALITY, Results, pl.DataFrame(rows, Results.create_empty().schema))
    return len(rows)


def _result(run_id: str, finding: Finding, unexpected: int, evaluated: int) -> dict[str, object]:
    return {
        "run_id": run_id,
        "suite": DRIFT_SUITE,
        "expectation": finding.expectation,
        "target": finding.target,
        "column_name": finding.member,
        "severity": "info",
        "success": False,
        "evaluated": evaluated,
        "unexpected": unexpected,
    }


def _fingerprint(table: str, trees: Mapping[str, Member]) -> str:
    """Identify all that the examination of a table's payloads depends on, and the keys under which it is kept."""
    known = [
        [operation, member.path, member.json_type] for operation, tree in trees.items() for member in all_members(tree)
    ]
    code = Path(examining.__file__).read_bytes()
    return hashlib.sha256(json.dumps([row_key_sql(table), known]).encode() + code).hexdigest()


def _listed(members: list[str]) -> str:
    more = len(members) - LISTED_MEMBERS
    return "; ".join(members[:LISTED_MEMBERS]) + (f"; and {more} more" if more > 0 else "")


def printable(value: str) -> str:
    """Quote a value, cut, on one line: what is no printable character is shown as `?`."""
    shown = "".join(character if character.isprintable() else "?" for character in value[:VALUE_CHARACTERS])
    return f"'{shown}{'…' if len(value) > VALUE_CHARACTERS else ''}'"
