"""The sections of the report, one file each, in the order of the page."""

from pipelines.report.sections.attribution import attribution
from pipelines.report.sections.definitions import definitions
from pipelines.report.sections.funnel import funnel
from pipelines.report.sections.headlines import headlines
from pipelines.report.sections.hygiene import hygiene
from pipelines.report.sections.outcomes import outcomes
from pipelines.report.sections.pipeline import pipeline
from pipelines.report.sections.quality import quality
from pipelines.report.sections.tcv import tcv
from pipelines.report.sections.waterfall import waterfall

SECTIONS = (
    headlines,
    funnel,
    waterfall,
    pipeline,
    outcomes,
    attribution,
    hygiene,
    tcv,
    quality,
    definitions,
)
