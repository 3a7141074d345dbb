"""A name is shortened to what a chart has room for; the table beside it has all of it."""

import pytest

from pipelines.report.charts import label
from pipelines.report.sections.attribution import distinct


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("GENAI-ROADSHOW", "GENAI-ROADSHOW"),
        ("AWS Marketing Central and all", "AWS Marketing Central…"),
        ("two\nlines\tand\0nothing", "two lines and nothing"),
        ("\u202eturned round\u202c", "turned round"),
        ("\u65e5\u672c\u8a9e" * 5, "\u65e5\u672c\u8a9e\u65e5\u672c\u8a9e\u65e5\u672c\u8a9e\u65e5…"),
        ("\u200b\u202e", "(no visible text)"),
        ("", "(no visible text)"),
    ],
)
def test_a_label_is_short_visible_and_reads_in_one_direction(name: str, shown: str) -> None:
    assert label(name) == shown


def test_labels_that_became_the_same_are_numbered() -> None:
    assert distinct(["long name…", "other", "long name…"]) == ["long name… #1", "other", "long name… #2"]
