"""What every figure of the report means: in the words of the warehouse's own columns, where it has one."""

import dataframely as dy

from pipelines.report import format as write
from pipelines.report.edition import Edition
from pipelines.report.section import Definitions, Section
from transforms.attribution import Attribution
from transforms.opportunities import Opportunities
from transforms.outcomes_monthly import OutcomesMonthly
from transforms.pipeline_waterfall import PipelineWaterfall
from transforms.schema import declaration
from transforms.stage_funnel import StageFunnel

COLUMNS: tuple[tuple[str, type[dy.Schema], str], ...] = (
    ("Open deal", Opportunities, "is_open"),
    ("AWS MRR", Opportunities, "aws_mrr"),
    ("Deal TCV", Opportunities, "deal_tcv"),
    ("Deal MRR", Opportunities, "deal_mrr"),
    ("Contract duration", Opportunities, "contract_months"),
    ("Won", OutcomesMonthly, "won"),
    ("Lost", OutcomesMonthly, "lost"),
    ("Win rate", OutcomesMonthly, "win_rate"),
    ("AWS MRR won", OutcomesMonthly, "won_mrr"),
    ("Median cycle", OutcomesMonthly, "median_cycle_days"),
    ("Reached", StageFunnel, "reached"),
    ("Went on", StageFunnel, "advanced"),
    ("Lost from here", StageFunnel, "lost"),
    ("Stand here", StageFunnel, "open"),
    ("Go on", StageFunnel, "conversion_to_next"),
    ("Of all", StageFunnel, "conversion_from_first"),
    ("Median days in a stage", StageFunnel, "median_days_in_stage"),
    *((f"Waterfall: {name}", PipelineWaterfall, name) for name in PipelineWaterfall.column_names()[2:]),
    ("Model", Attribution, "model"),
    ("Deals of a model", Attribution, "opportunities"),
)
"""Each term, and the column that it is read from."""
OWN = (
    ("As of", "The UTC business date of the run. Only what was known before that day's end counts."),
    ("In the reporting currency", "All amounts of all months at the rates of the as-of date, so that months compare."),
    ("Known of", "The number of deals whose amount is known and has a rate. The others are in no sum of amounts."),
    ("Usable deal MRR", "A deal has it when it carries a TCV and a contract duration."),
    ("Broken rule", "One finding for each opportunity and rule of hygiene that its record breaks."),
    ("Excluded", "An opportunity with a record that breaks a critical rule: it is in no figure."),
    ("Set to null", "A value outside its enum, range or pattern: it counts as unknown, and the record stays."),
)
TEXT = "Every figure here is a query on warehouse.duckdb; the column that it is read from stands beside its meaning."


def definitions(_edition: Edition) -> Section:
    """Make the section of the definitions."""
    own = [(term, meaning, "") for term, meaning in OWN]
    return Section("definitions", "Definitions", [TEXT], [Definitions([*map(_of_column, COLUMNS), *own])])


def _of_column(term: tuple[str, type[dy.Schema], str]) -> tuple[str, str, str]:
    name, schema, column_name = term
    table = declaration(schema)
    (comment,) = (column.comment for column in table.columns if column.name == column_name)
    return name, write.plain(comment), f"marts.{table.name}.{column_name}"
