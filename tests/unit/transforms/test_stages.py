import botocore.session
import polars as pl

from transforms.stages import (
    LOST_STAGE,
    OPEN_STAGES,
    STAGES,
    is_one_of,
    reached_rank,
    stage_of_rank,
    stage_rank,
)


def test_the_stages_are_those_of_the_service_model() -> None:
    model = botocore.session.get_session().get_service_model("partnercentral-selling")
    assert sorted(STAGES) == sorted(model.shape_for("Stage").enum)


def test_ranks_and_flags_of_every_stage() -> None:
    stage = pl.col("stage")
    table = pl.DataFrame({"stage": [*STAGES, "Dreaming", None]}).select(
        stage,
        rank=stage_rank(stage),
        reached=reached_rank(stage),
        is_open=is_one_of(stage, OPEN_STAGES),
        is_lost=is_one_of(stage, (LOST_STAGE,)),
        name=stage_of_rank(stage_rank(stage)),
    )
    assert table.rows() == [
        ("Prospect", 1, 1, True, False, "Prospect"),
        ("Qualified", 2, 2, True, False, "Qualified"),
        ("Technical Validation", 3, 3, True, False, "Technical Validation"),
        ("Business Validation", 4, 4, True, False, "Business Validation"),
        ("Committed", 5, 5, True, False, "Committed"),
        ("Launched", 6, 6, False, False, "Launched"),
        ("Closed Lost", None, 1, False, True, None),
        ("Dreaming", None, None, None, None, None),
        (None, None, None, None, None, None),
    ]
