"""Perform a plan: each row read again, compared with what the plan saw, written, and noted in the journal."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from pipelines.errors import AwsError, CosellError
from pipelines.intake.aws_rules import reasons_against
from pipelines.intake.deals import Planned, Value
from pipelines.intake.journal import Entry, Journal
from pipelines.intake.plan import Plan, client_token
from pipelines.intake.recent import changed_since
from pipelines.intake.requests import Record, create_request, is_same, present_values, texts, update_request
from pipelines.partner_central.aws_errors import AccessDeniedError, ConflictError, QuotaSpentError, RefusedError
from pipelines.partner_central.client import PartnerCentral

MOST_TRIES = 6  # of one row, while others keep changing its record
CLOCK_SKEW = timedelta(minutes=15)  # AWS takes no signature of a clock that is further off
MOST_DENIALS_IN_A_ROW = 3  # then it is not the rows that are denied, but the operation
OUTCOMES = ("done", "unchanged", "refused", "conflict", "failed", "left")
UNFINISHED = ("update", "create", "started", "created")
SOLUTIONS = "solution_ids"


class RowsLeftError(CosellError):
    """Rows of a plan cannot be performed as they are planned."""

    exit_code = 3


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the rows of a plan stand at the end of an apply.

    `counts` is by what became of them: `refused` and `unchanged` by the plan, `failed` by AWS. `problems` are the last
    entries of those in conflict or failed, in the order of the plan.
    """

    counts: Mapping[str, int]
    problems: tuple[Entry, ...]

    def summary(self) -> str:
        """Say how many rows came to what."""
        counts = {**self.counts, "left": sum(self.counts.get(name, 0) for name in UNFINISHED)}
        counted = ", ".join(f"{counts[name]:,} {name}" for name in OUTCOMES if counts.get(name))
        return counted or "no rows"

    def error(self, path: Path) -> CosellError | None:
        """Return what the command has to end with; None when every row of the plan is done or needed nothing."""
        if self.counts.get("failed"):
            return AwsError(
                f"{self.summary()}: mend what the failed rows say, then run `cosell intake apply {path}` again"
            )
        if self.counts.get("conflict") or self.counts.get("refused"):
            return RowsLeftError(f"{self.summary()}: mend those rows, then make a new plan")
        return None


def rows_left(plan: Plan, journal: Journal) -> list[Planned]:
    """Return the rows that an apply has to perform: those never tried first, then those that failed."""
    entries = {planned.row: journal.last(planned.row) for planned in plan.rows}
    states = {row: entry.state if entry else None for row, entry in entries.items()}
    left = [
        planned
        for planned in plan.rows
        if planned.action in {"update", "create"} and states[planned.row] not in {"done", "conflict"}
    ]
    return sorted(left, key=lambda planned: states[planned.row] == "failed")


def apply_plan(
    plan: Plan,
    journal: Journal,
    client: PartnerCentral,
    *,
    now: Callable[[], datetime],
    on_row: Callable[[Entry], None],
) -> Outcome:
    """Perform what is left of a plan, row after row; `on_row` gets what became of each.

    A row that AWS refuses does not hold up the others. Raises AwsError, or ConfigurationError, for what concerns them
    all: credentials, no connection, a quota that is spent. The next apply of the plan goes on from there.
    """
    rows = _Rows(plan, journal, client, now)
    for planned in rows_left(plan, journal):
        on_row(rows.perform(planned))
    return outcome(plan, journal)


def outcome(plan: Plan, journal: Journal) -> Outcome:
    """Return how the rows of a plan stand."""
    counts: Counter[str] = Counter()
    problems = []
    for planned in plan.rows:
        entry = journal.last(planned.row)
        if entry is None:
            counts[planned.action] += 1
            continue
        counts[entry.state] += 1
        if entry.state in {"conflict", "failed"}:
            problems.append(entry)
    return Outcome(counts, tuple(problems))


class _ChangedError(Exception):
    """A record no longer is what the plan saw, in what the plan touches."""


class _Rows:
    """Performs rows one at a time. The journal holds a row's intent before the first write for it."""

    def __init__(self, plan: Plan, journal: Journal, client: PartnerCentral, now: Callable[[], datetime]) -> None:
        self._journal, self._client, self._now = journal, client, now
        self._digest, self._planned_at = plan.digest, plan.created_at
        self._denials = 0
        self._recent: Mapping[str, Collection[str]] | None = None

    def perform(self, planned: Planned) -> Entry:
        """Perform a row and note what became of it."""
        try:
            opportunity_id = self._create(planned) if planned.action == "create" else self._update(planned)
        except _ChangedError as error:
            return self._note(planned, "conflict", str(error))
        except QuotaSpentError:
            raise
        except RefusedError as error:
            entry = self._note(planned, "failed", str(error))
            self._denials = self._denials + 1 if isinstance(error, AccessDeniedError) else 0
            if self._denials >= MOST_DENIALS_IN_A_ROW:
                raise
            return entry
        except AwsError as error:  # of all rows, or of this one alone: the next apply tries it last
            self._note(planned, "failed", str(error))
            raise
        self._denials = 0
        entry = Entry(planned.row, "done", self._now(), opportunity_id)
        self._journal.append(entry)
        return entry

    def _note(self, planned: Planned, state: Literal["conflict", "failed"], reason: str) -> Entry:
        opportunity_id = planned.opportunity_id or self._journal.created_id(planned.row)
        entry = Entry(planned.row, state, self._now(), opportunity_id, reason)
        self._journal.append(entry)
        return entry

    def _update(self, planned: Planned) -> str:
        """Bring an opportunity to what is planned for it, and return its id.

        Reading it settles what an earlier apply had in flight, and what became of an update whose answer got lost.
        """
        opportunity_id = str(planned.opportunity_id)
        after = {change.column: change.after for change in planned.changes}
        for _ in range(MOST_TRIES):
            record = self._read(opportunity_id)
            held = present_values(record)
            _check_unchanged(planned, held)
            missing = _missing_solutions(planned, held)
            if not missing and _holds(held, after):
                return opportunity_id
            if reasons := reasons_against(record, after, self._now().date()):
                raise RefusedError("; ".join(str(reason) for reason in reasons))
            self._start(planned)
            if missing:  # before the update, which may need them; they make a new version to be read
                self._associate(opportunity_id, missing)
                continue
            try:
                self._client.call("UpdateOpportunity", **update_request(record, after))
            except ConflictError:
                continue
            return opportunity_id
        raise _ChangedError("its record is changed again and again while it is written: make a new plan later")

    def _create(self, planned: Planned) -> str:
        """Create an opportunity with its solutions, and return its id. The ClientToken makes that safe to repeat."""
        values = {change.column: change.after for change in planned.changes}
        opportunity_id = self._journal.created_id(planned.row) or self._existing(values)
        if opportunity_id is None:
            self._start(planned)
            opportunity_id = self._created(planned, values)
            self._journal.append(Entry(planned.row, "created", self._now(), opportunity_id))
            missing: Sequence[str] = texts(values.get(SOLUTIONS))
        else:
            missing = _missing_solutions(planned, present_values(self._read(opportunity_id)))
        self._associate(opportunity_id, missing)
        return opportunity_id

    def _created(self, planned: Planned, values: Mapping[str, Value]) -> str:
        request = create_request(values, client_token(self._digest, planned.row))
        try:
            return _identifier(self._client.call("CreateOpportunity", **request).body)
        except ConflictError:  # the token is taken: by a request of ours whose answer got lost
            self._recent = None
            opportunity_id = self._existing(values)
            if opportunity_id is None:
                raise
            return opportunity_id

    def _existing(self, values: Mapping[str, Value]) -> str | None:
        """Find the opportunity that has come to be for a row since the plan, if there is one.

        It is an earlier apply's, whose ClientToken AWS may have forgotten by now, or that of another plan of the same
        deal. Raises _ChangedError for one that is not what the row wants.
        """
        if self._recent is None:
            self._recent = changed_since(self._client, self._planned_at - CLOCK_SKEW)
        found = self._recent.get(str(values.get("partner_opportunity_id")), ())
        for opportunity_id in sorted(found):
            if _holds(present_values(self._read(opportunity_id)), values):
                return opportunity_id
        if found:
            raise _ChangedError("partner_opportunity_id is another opportunity's since the plan: make a new plan")
        return None

    def _start(self, planned: Planned) -> None:
        last = self._journal.last(planned.row)
        if last is None or last.state != "started":
            self._journal.append(Entry(planned.row, "started", self._now(), planned.opportunity_id))

    def _read(self, opportunity_id: str) -> Record:
        return self._client.call("GetOpportunity", Identifier=opportunity_id).body

    def _associate(self, opportunity_id: str, solutions: Sequence[str]) -> None:
        """Associate solutions. One that AWS refuses may be there: the answer to an earlier attempt got lost."""
        for solution in solutions:
            try:
                self._client.call(
                    "AssociateOpportunity",
                    OpportunityIdentifier=opportunity_id,
                    RelatedEntityType="Solutions",
                    RelatedEntityIdentifier=solution,
                )
            except RefusedError:
                if solution not in texts(present_values(self._read(opportunity_id)).get(SOLUTIONS)):
                    raise


def _check_unchanged(planned: Planned, held: Mapping[str, Value]) -> None:
    """Raise _ChangedError when a touched column holds neither what the plan saw nor what it wants.

    Solutions are only ever added, so that others may come and go.
    """
    changed = [
        change.column
        for change in planned.changes
        if change.column != SOLUTIONS
        and not any(is_same(change.column, held.get(change.column), value) for value in (change.before, change.after))
    ]
    if changed:
        raise _ChangedError(f"{', '.join(changed)} changed in Partner Central since the plan: make a new plan")


def _missing_solutions(planned: Planned, held: Mapping[str, Value]) -> list[str]:
    """The solutions that the plan adds and that are not associated yet."""
    present = set(texts(held.get(SOLUTIONS)))
    return [solution for solution in _added_solutions(planned) if solution not in present]


def _added_solutions(planned: Planned) -> Iterator[str]:
    for change in planned.changes:
        if change.column == SOLUTIONS:
            yield from (solution for solution in texts(change.after) if solution not in texts(change.before))


def _holds(held: Mapping[str, Value], after: Mapping[str, Value]) -> bool:
    return all(is_same(column, held.get(column), value) for column, value in after.items() if column != SOLUTIONS)


def _identifier(answer: Record) -> str:
    found = answer.get("Id")
    if not isinstance(found, str):
        raise AwsError("CreateOpportunity answered without an Id: run again, or upgrade this program")
    return found
