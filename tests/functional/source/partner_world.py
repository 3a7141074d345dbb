"""Helpers of the tests of the source: a Partner Central filled by hand, and a pipeline to load it with."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import dlt

from pipelines.partner_central.client import PartnerCentral, Quota
from pipelines.partner_central.extraction import Extraction
from pipelines.partner_central.source import partner_central
from pipelines.sandbox.events import Engagement
from pipelines.sandbox.server import Sandbox
from pipelines.sandbox.store import Snapshot, Store

PAST = datetime(2026, 1, 1, tzinfo=UTC)
UNPACED = Quota(reads_per_second=0)
FEW_ATTEMPTS = 2
PARTNER_VIEW = "OpportunitySummaryView"


def at(seconds: float) -> datetime:
    """The instant this long after the beginning of 2026."""
    return PAST + timedelta(seconds=seconds)


def stamp(seconds: float) -> str:
    """The same as AWS writes it."""
    return at(seconds).isoformat().replace("+00:00", "Z")


def engagement_id(number: int) -> str:
    return f"eng-{number:014d}"


class PartnerWorld:
    """A sandbox with helpers to fill it."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.calls = sandbox.calls

    @property
    def store(self) -> Store:
        return self.sandbox.stores["Sandbox"]

    def deal(self, number: int, seconds: float, **members: Any) -> None:
        """Put opportunity `O<number>`, modified at an instant."""
        record = {
            "Id": f"O{number}",
            "Catalog": "Sandbox",
            "CreatedDate": stamp(0),
            "LastModifiedDate": stamp(seconds),
            "LifeCycle": {"Stage": "Qualified", "NextSteps": None},
            "Customer": {"Account": {"CompanyName": f"Ärzte {number} 株式会社"}},
            **members,
        }
        self.store.put({name: value for name, value in record.items() if value != "absent"}, at(seconds), f"O{number}")

    def deals(self, count: int, seconds: Callable[[int], float] = float) -> None:
        for number in range(1, count + 1):
            self.deal(number, seconds(number))

    def submit(self, number: int) -> None:
        """Give an opportunity AWS's side."""
        summary = {"RelatedOpportunityId": f"O{number}", "Catalog": "Sandbox", "Insights": {"EngagementScore": "High"}}
        self.store.put_aws_summary(f"O{number}", summary)

    def engage(self, number: int, snapshots: int = 1, template: str = PARTNER_VIEW) -> None:
        """Share an opportunity in an engagement of its own, with this many snapshot revisions more."""
        self.store.engage(Engagement(engagement_id(number), f"O{number}", "a deal", 0, "111122223333"))
        for _ in range(snapshots):
            payload = b'{"OpportunitySummary":{"Lifecycle":{"Stage":"Qualified"}}}'
            snapshot = Snapshot(stamp(number), "111122223333", payload)
            self.store.add_snapshot((engagement_id(number), f"O{number}", template), snapshot)

    def edit(self, number: int, seconds: float) -> None:
        """Change an opportunity at an instant."""
        self.store.edit(f"O{number}", at(seconds), {"LifeCycle.Stage": "Committed"})

    def before(self, operation: str, act: Callable[[dict[str, Any]], None]) -> None:
        """Call `act` with the request each time before an operation is served."""
        self.sandbox.before_response.append(lambda name, request: act(request) if name == operation else None)


class Loader:
    """A pipeline into DuckDB."""

    def __init__(self, pipeline: dlt.Pipeline) -> None:
        self.pipeline = pipeline

    def run(self, quota: Quota = UNPACED, **options: Any) -> Extraction:
        """Run the pipeline once, over an extraction of its own, which believes every listing."""
        options.setdefault("max_vanished_share", 1.0)
        extraction = Extraction(PartnerCentral("Sandbox", quota=quota, attempts=FEW_ATTEMPTS), **options)
        self.window(extraction)
        return extraction

    def window(self, extraction: Extraction) -> int:
        """Run the pipeline once more over an extraction; how many rows landed."""
        source = partner_central("Sandbox", extraction=extraction)
        info = self.pipeline.run(source, loader_file_format="parquet")
        if not info.loads_ids:
            return 0
        counts = self.pipeline.last_trace.last_normalize_info.row_counts
        return sum(rows for table, rows in counts.items() if not table.startswith("_dlt"))

    def rows(self, table: str, columns: str = "*") -> list[tuple[Any, ...]]:
        with self.pipeline.sql_client() as client:
            name = client.make_qualified_table_name(table)
            with client.execute_query(f"SELECT {columns} FROM {name} ORDER BY ALL") as cursor:
                return list(cursor.fetchall())


def root_of(error: BaseException) -> BaseException:
    """What dlt wrapped."""
    return root_of(error.__cause__) if error.__cause__ else error
