"""The partner's stages, and the rules that every table with a stage shares."""

from collections.abc import Sequence

from expectations.marts.table import MartTable, equals
from expectations.rules import Rule, literal

OPEN_STAGES = ("Prospect", "Qualified", "Technical Validation", "Business Validation", "Committed")
WON_STAGE = "Launched"
LOST_STAGE = "Closed Lost"
RANKED_STAGES = (*OPEN_STAGES, WON_STAGE)  # ranks 1 to 6
STAGES = (*RANKED_STAGES, LOST_STAGE)
UNOBSERVED = "unobserved"  # created, and not yet seen in any stage
EVIDENCE = ("version", "snapshot")
VANISHED = "vanished"  # no evidence of a state: a full listing no longer showed the opportunity


def is_rank_of_stage(table: MartTable, column: str, stage: str) -> Rule:
    """A rank is that of the stage beside it; null for a stage without one."""
    return equals(table.target(column), "is_rank_of_stage", f"list_position({listed(RANKED_STAGES)}, {stage})")


def listed(texts: Sequence[str]) -> str:
    """Return texts as an SQL list."""
    return f"[{', '.join(map(literal, texts))}]"


def any_of(texts: Sequence[str]) -> str:
    """Return texts as the SQL operand of IN."""
    return f"({', '.join(map(literal, texts))})"
