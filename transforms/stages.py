"""The partner's stages of an opportunity and their order."""

import polars as pl

OPEN_STAGES = ("Prospect", "Qualified", "Technical Validation", "Business Validation", "Committed")
WON_STAGE = "Launched"
LOST_STAGE = "Closed Lost"
RANKED_STAGES = (*OPEN_STAGES, WON_STAGE)
STAGES = (*RANKED_STAGES, LOST_STAGE)
STAGE_RANKS = {stage: rank for rank, stage in enumerate(RANKED_STAGES, start=1)}


def stage_rank(stage: pl.Expr) -> pl.Expr:
    """Rank from Prospect 1 to Launched 6; null for Closed Lost, which has none, and for an unknown stage."""
    return stage.replace_strict(STAGE_RANKS, default=None, return_dtype=pl.Int32)


def reached_rank(stage: pl.Expr) -> pl.Expr:
    """Rank that being in `stage` proves: its own; 1 for Closed Lost, as every deal starts somewhere."""
    return stage.replace_strict(STAGE_RANKS | {LOST_STAGE: 1}, default=None, return_dtype=pl.Int32)


def stage_of_rank(rank: pl.Expr) -> pl.Expr:
    """Name of the stage with `rank` 1 to 6."""
    names = {rank: stage for stage, rank in STAGE_RANKS.items()}
    return rank.replace_strict(names, default=None, return_dtype=pl.String)


def is_one_of(stage: pl.Expr, stages: tuple[str, ...]) -> pl.Expr:
    """Whether `stage` is among `stages`; null for an unknown stage."""
    return pl.when(stage.is_in(STAGES)).then(stage.is_in(stages))
