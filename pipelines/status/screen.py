"""The status as a person sees it on the terminal."""

from collections.abc import Iterator, Sequence
from contextlib import suppress

from rich.box import SIMPLE_HEAD
from rich.columns import Columns
from rich.console import Console
from rich.filesize import decimal
from rich.table import Table
from rich.text import Text

from pipelines.estimates import calls_for, nights_for, time_for
from pipelines.settings import Settings
from pipelines.status.changes import Changes
from pipelines.status.landed import LAST_RUNS, Landed, Run
from pipelines.status.published import Published
from pipelines.status.standing import Standing
from pipelines.status.verdict import next_step, verdict

COLOURS = {"fresh": "bold green", "working": "bold", "nothing": "bold"}


def print_screen(standing: Standing) -> None:
    """Print the verdict, what changed, the runs, quality, quota, disk, and what to do next."""
    console = Console(highlight=False)
    judged, published = verdict(standing), standing.published
    console.print(Text(judged.line, COLOURS.get(judged.name, "bold red")), soft_wrap=True)
    _print_lines(console, _progress(standing))
    if published:
        _print_lines(console, _changes(published))
        console.print()
    if standing.runs:
        _print_runs(console, standing.runs)
    if standing.landed:
        _print_lines(console, _quota(standing.landed, standing.settings))
    if published:
        _print_lines(console, _published(published, standing))
        tables = [f"marts.{name}: {rows:,} rows" for name, rows in published.rows.items()]
        console.print(Columns(tables, padding=(0, 3), column_first=True))
    elif judged.name != "nothing":
        console.print("Nothing is published yet.")
    if standing.drifts:
        _print_lines(console, [_drift(standing.drifts)])
    _print_lines(console, _places(standing))
    step = next_step(standing, judged.name)
    console.print(Text(f"Next: `{step.command}`, {step.purpose}.", "bold"), soft_wrap=True)


def _print_lines(console: Console, lines: Iterator[str] | Sequence[str]) -> None:
    for line in lines:
        console.print(line, markup=False, soft_wrap=True)


def _progress(standing: Standing) -> Iterator[str]:
    """Say how far the run is that holds the lock; it alone may look into the landing."""
    if standing.is_at_work:
        with suppress(FileNotFoundError):
            yield standing.settings.progress_path.read_text()
        yield "It and the runs that did not publish show here when it ends."


def _changes(published: Published) -> Iterator[str]:
    """Say what changed since the night before, and in the month."""
    since_last, month = published.since_last, published.this_month
    if since_last:
        yield f"Since {since_last.since:%Y-%m-%d %H:%M} UTC, where the night before stopped: {_deals(since_last)}"
        yield f"  {_pipeline(since_last, published.currency)}"
    yield f"Since {month.since:%Y-%m-%d}, in the month: {_deals(month)}"
    yield f"  {_pipeline(month, published.currency)}"


def _deals(changes: Changes) -> str:
    return (
        f"{changes.created:,} created, {changes.discovered:,} discovered, {changes.won:,} won, {changes.lost:,} lost; "
        f"{changes.forward:,} moves forward, {changes.back:,} back, {changes.reopened:,} reopened."
    )


def _pipeline(changes: Changes, currency: str | None) -> str:
    unit = f"{currency} " if currency else ""
    return (
        f"Open pipeline: {changes.open_before:,} -> {changes.open_now:,} deals, AWS MRR {unit}"
        f"{changes.aws_mrr_before:,} -> {changes.aws_mrr_now:,} ({changes.aws_mrr_now - changes.aws_mrr_before:+,})."
    )


def _print_runs(console: Console, runs: Sequence[Run]) -> None:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False, title=f"The last {LAST_RUNS} runs")
    table.title_justify = "left"
    for heading in ("started (UTC)", "status", "as of"):
        table.add_column(heading, no_wrap=True)
    for heading in ("took", "calls", "fetched", "rows"):
        table.add_column(heading, no_wrap=True, justify="right")
    for run in runs:
        took = "" if run.finished_at is None else f"{(run.finished_at - run.started_at).total_seconds():.0f} s"
        counts = (run.calls, run.opportunities_fetched, run.rows_published)
        numbers = ("" if count is None else f"{count:,}" for count in counts)
        table.add_row(f"{run.started_at:%Y-%m-%d %H:%M}", run.status, str(run.as_of), took, *numbers)
    console.print(table, "", sep="")
    if error := runs[0].error:
        console.print(f"Last error: {error}", markup=False, soft_wrap=True)


def _published(published: Published, standing: Standing) -> Iterator[str]:
    quality, findings = published.quality, published.quality.findings
    when = f"as of {published.as_of}, at {published.finished_at:%Y-%m-%d %H:%M} UTC"
    yield f"Published: {standing.settings.warehouse_path}, {when}."
    yield (
        f"Quality: {quality.rules_checked:,} rules checked, {quality.rules_broken:,} broken; "
        f"{quality.opportunities_excluded:,} opportunities with an excluded record, "
        f"{quality.values_nulled:,} values set to null."
    )
    yield (
        f"Hygiene: {findings['critical']:,} critical findings, {findings['warning']:,} warnings, "
        f"{findings['info']:,} for information; {quality.suggestions:,} have a duration to set."
    )


def _quota(landed: Landed, settings: Settings) -> Iterator[str]:
    """Say what is spent and left of the day's reads and writes, and how far a load is that takes more than them."""
    reads_left = max(0, settings.reads_per_day - landed.reads_spent)
    yield (
        f"Reads in the last 24 h: {landed.reads_spent:,} of the {settings.reads_per_day:,} that are allowed, "
        f"{reads_left:,} left."
    )
    if landed.writes_spent:
        yield (f"Writes in the last 24 h: {landed.writes_spent:,} of the {settings.writes_per_day:,} that are allowed.")
    if landed.first_load:
        done, listed = landed.first_load
        nights = nights_for(listed - done, reads_left, settings.reads_per_day)
        time = time_for(listed - done, settings.reads_per_second)
        yield (
            f"First load: {done:,} of {listed:,} opportunities have landed. The others take "
            f"{calls_for(listed - done):,} calls, their snapshots aside: {f'{time}, ' if time else ''}"
            f"{'one night' if nights == 1 else f'{nights} nights'}. Next: `cosell nightly`, which goes on."
        )


def _drift(drifts: int) -> str:
    return f"Drift: {drifts:,} things that AWS sent are unknown to its service model. Next: `cosell drift`."


def _places(standing: Standing) -> Iterator[str]:
    """Say what is on the disk, and where the report is."""
    sizes = {name: decimal(size) for name, size in standing.disk.items() if size}
    free = sizes.pop("free", "nothing")
    if sizes:
        yield f"Disk: {', '.join(f'{name} {size}' for name, size in sizes.items())}; {free} free."
    if standing.report_path:
        yield f"Report: {standing.report_path}"
