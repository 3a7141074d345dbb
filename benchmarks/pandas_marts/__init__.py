"""All marts as one would write them by hand in pandas: a contender of the benchmark of transforms.

Vectorised, with nullable integers for amounts, in cents, and categories for the identifiers that everything is grouped
by. Right for amounts up to 10^15 cents, where the marts take any. Weights of time decay are floats, where the marts
have whole numbers: a cent of the split could go elsewhere, and with the benchmark's data none does.
"""

from pathlib import Path

from benchmarks.pandas_marts.attribution import attribution
from benchmarks.pandas_marts.files import read, write
from benchmarks.pandas_marts.history import month_ends, stage_history
from benchmarks.pandas_marts.hygiene import hygiene
from benchmarks.pandas_marts.monthly import outcomes_monthly, pipeline_monthly, pipeline_waterfall, stage_funnel
from benchmarks.pandas_marts.observations import known_records, observations, with_vanished
from benchmarks.pandas_marts.opportunities import current_versions, opportunities, record_facts
from benchmarks.pandas_marts.touches import touches


def build(directory: Path, path: Path) -> None:
    """Build every mart of `directory/staging.duckdb` into a new DuckDB file at `path`, with pandas alone."""
    staged = read(directory / "staging.duckdb")
    current = current_versions(staged.versions)
    records = known_records(staged, current)
    observed = observations(records)
    deals = opportunities(current, records, staged, observed)
    stints = stage_history(observed, deals)
    ends = month_ends(observed, deals)
    touched = touches(staged, records, current)
    facts = record_facts(deals, touched, observed)
    write(
        path,
        {
            "marts.opportunities": deals,
            "marts.observations": with_vanished(observed, staged.visibility),
            "marts.stage_history": stints,
            "marts.month_ends": ends,
            "marts.touches": touched,
            "ops.record_facts": facts,
            "marts.stage_funnel": stage_funnel(deals, stints),
            "marts.pipeline_monthly": pipeline_monthly(ends),
            "marts.pipeline_waterfall": pipeline_waterfall(ends),
            "marts.outcomes_monthly": outcomes_monthly(deals, stints),
            "marts.attribution": attribution(deals, touched),
            "marts.hygiene": hygiene(facts),
        },
    )
