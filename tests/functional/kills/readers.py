"""Analysts who have the warehouse open all the while: each a process that asks again and again, and checks the answers.

Run as a script it is one of them.
"""

import json
import select
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

SECONDS_BETWEEN_QUERIES = 0.25
QUERIES_AFTER_PUBLICATION = 10  # on the connection that was open before it
WAYS = ("holds", "reopens")
LAST_RUN = """
    SELECT run_id, status, rows_published,
        (SELECT count(*) FROM marts.opportunities),
        (SELECT count(*) FROM marts.stage_history WHERE exited_at IS NULL),
        (SELECT sum(reached) FROM marts.stage_funnel WHERE stage_rank = 1),
        (SELECT sum(opportunities) + sum(unobserved) FROM marts.pipeline_monthly
         WHERE month = (SELECT max(month) FROM marts.pipeline_monthly)),
        (SELECT round(sum(opportunities)) FROM marts.attribution
         WHERE model = 'linear' AND dimension = 'campaign'),
        (SELECT count(*) FROM quality.results WHERE results.run_id = runs.run_id) > 0
    FROM ops.runs ORDER BY started_at DESC LIMIT 1"""


@dataclass
class Seen:
    """What one reader saw."""

    queries: int = 0
    published: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


def half_seen(answer: tuple[object, ...]) -> str | None:
    """What is not whole in the answer to LAST_RUN; None if all is."""
    _, status, published, *counted, is_checked = answer
    if status != "published" or not is_checked:
        return f"the newest run is {status}, its checks are {'there' if is_checked else 'not there'}"
    if set(counted) != {published}:
        return f"{published} rows published, {counted} counted"
    return None


def watch(path: Path, way: str) -> Seen:
    """Query a warehouse until standard input is closed; until it is first published there is nothing to see."""
    seen = Seen()
    while not path.exists():
        if _is_over():
            return seen
    while not seen.errors and not _is_over():
        try:
            _look(path, way, seen)
        except duckdb.Error as error:
            seen.errors.append(f"{type(error).__name__}: {str(error).splitlines()[0]}")
    return seen


def _look(path: Path, way: str, seen: Seen) -> None:
    """Open the warehouse and query it: once, or until it has been replaced for a while."""
    inode = path.stat().st_ino
    with duckdb.connect(path, read_only=True, config={"threads": 1}) as connection:
        first = None
        left = QUERIES_AFTER_PUBLICATION if way == "holds" else 1
        while left:
            answer = connection.execute(LAST_RUN).fetchone()
            seen.queries += 1
            if first is None:
                first = answer
                if answer[0] not in seen.published:
                    seen.published.append(answer[0])
            fault = half_seen(answer) if answer == first else "another answer within one connection"
            if fault:
                seen.errors.append(fault)
                return
            if way == "reopens" or path.stat().st_ino != inode:
                left -= 1
            if left and _is_over():
                return


def _is_over() -> bool:
    """Wait a moment; whether standard input was closed meanwhile."""
    return bool(select.select([sys.stdin], [], [], SECONDS_BETWEEN_QUERIES)[0])


@contextmanager
def readers(path: Path) -> Iterator[dict[str, Seen]]:
    """Let a reader of each way watch a warehouse for as long as the block runs; what they saw is there at its end."""
    seen: dict[str, Seen] = {}
    processes = {
        way: subprocess.Popen(
            [sys.executable, __file__, path, way], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for way in WAYS
    }
    try:
        yield seen
    finally:
        for way, process in processes.items():
            out, _ = process.communicate(timeout=60)
            seen[way] = Seen(**json.loads(out))


if __name__ == "__main__":
    print(json.dumps(vars(watch(Path(sys.argv[1]), sys.argv[2]))))  # noqa: T201
