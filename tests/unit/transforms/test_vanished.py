"""The disappearances among the observations: what they show, and where they stand."""

from datetime import UTC, date, datetime

import pytest
from histories import lines, shown
from observed_records import AS_OF, at, entries, months, observed, published, snapshot, software, version

from transforms.observations import Observations

HISTORY = "opportunity_id observation observed_at evidence stage"
MIDNIGHT = datetime(2026, 4, 1, tzinfo=UTC)
JUST_BEFORE = datetime(2026, 3, 31, 23, 59, 59, 999_999, tzinfo=UTC)


def test_a_disappearance_has_every_part_of_the_last_known_state() -> None:
    close_date = {"life_cycle__target_close_date": "2026-06-30"}
    table = published(
        observed(
            [
                version("v1", "O1", at(2), "Qualified", **months("12"), **software("720"), **close_date),
                version("v2", "O1", at(8), "Committed", **software("600", "EUR")),
            ],
            [snapshot("s1", at(4), "Technical Validation", **months("24"))],
            entries("v1 AWS 100 USD", "v1 Self 1200 USD"),
            entries("s1 AWS 150 USD"),
        ),
        ("O1", at(3), False),
        ("O1", at(5), False),
        ("O1", at(9), False),
    )
    assert shown(table, " ".join(Observations.column_names()[1:])) == lines("""
        1  2026-03-02 00:00  version   Qualified             2  2026-06-30  12  100.00  1200.00  1200.00  720.00  -
        2  2026-03-03 00:00  vanished  Qualified             2  2026-06-30  12  100.00  1200.00  1200.00  720.00  -
        3  2026-03-04 00:00  snapshot  Technical Validation  3  -           24  150.00  3600.00  -        720.00  -
        4  2026-03-05 00:00  vanished  Technical Validation  3  -           24  150.00  3600.00  -        720.00  -
        5  2026-03-08 00:00  version   Committed             5  -           -   -       -        -        -       EUR
        6  2026-03-09 00:00  vanished  Committed             5  -           -   -       -        -        -       EUR
    """)


def test_it_comes_after_the_version_and_the_snapshots_of_its_instant() -> None:
    versions = [version("v1", "O1", at(2), "Prospect"), version("v2", "O1", at(3), "Committed")]
    snapshots = [snapshot("s1", at(2), "Qualified", 1), snapshot("s2", at(2), "Business Validation", 2)]
    assert shown(published(observed(versions, snapshots), ("O1", at(2), False)), HISTORY) == lines("""
        O1  1  2026-03-02 00:00  version   Prospect
        O1  2  2026-03-02 00:00  snapshot  Qualified
        O1  3  2026-03-02 00:00  snapshot  Business Validation
        O1  4  2026-03-02 00:00  vanished  Business Validation
        O1  5  2026-03-03 00:00  version   Committed
    """)


def test_a_return_is_no_observation_and_each_disappearance_is_one() -> None:
    sights = [("O1", at(3), False), ("O1", at(4), True), ("O1", at(5), False), ("O1", at(6), False)]
    expected = lines("""
        O1  1  2026-03-02 00:00  version   Prospect
        O1  2  2026-03-03 00:00  vanished  Prospect
        O1  3  2026-03-05 00:00  vanished  Prospect
        O1  4  2026-03-06 00:00  vanished  Prospect
    """)
    once = observed([version("v1", "O1", at(2), "Prospect")])
    assert shown(published(once, *sights), HISTORY) == expected
    assert shown(published(once.reverse(), *reversed(sights)), HISTORY) == expected


def test_before_anything_was_observed_there_is_no_state_to_show() -> None:
    versions = [version("v1", "O1", at(2), "Prospect"), version("v2", "O2", at(9), "Qualified")]
    changes = [("O1", at(1), False), ("O2", at(8), False), ("O2", at(9), False), ("O9", at(9), False)]
    assert shown(published(observed(versions), *changes), HISTORY) == lines("""
        O1  1  2026-03-02 00:00  version   Prospect
        O2  1  2026-03-09 00:00  version   Qualified
        O2  2  2026-03-09 00:00  vanished  Qualified
    """)


def test_what_shows_no_stage_vanishes_without_one() -> None:
    versions = [version("v1", "O1", at(2), "Prospect"), version("v2", "O1", at(3), None)]
    assert shown(published(observed(versions), ("O1", at(4), False)), f"{HISTORY} stage_rank") == lines("""
        O1  1  2026-03-02 00:00  version   Prospect  1
        O1  2  2026-03-03 00:00  version   -         -
        O1  3  2026-03-04 00:00  vanished  -         -
    """)


def test_what_is_in_no_mart_vanishes_from_none() -> None:
    """Neither one whose last version is quarantined nor one that a snapshot alone shows."""
    versions = [
        version("v1", "O1", at(2), "Prospect"),
        version("v2", "O1", at(3), "Dreaming", is_excluded=True),
        version("v3", "O3", at(2), "Prospect"),
    ]
    snapshots = [snapshot("s1", at(2), "Qualified", opportunity_id="O2")]
    changes = [(opportunity_id, at(5), False) for opportunity_id in ("O1", "O2", "O3")]
    table = published(observed(versions, snapshots), *changes)
    assert table["opportunity_id"].to_list() == ["O3", "O3"]


@pytest.mark.parametrize(
    ("as_of", "evidence"),
    [
        (date(2026, 3, 30), ["version"]),
        (AS_OF, ["version", "vanished"]),
        (date(2026, 4, 1), ["version", "vanished", "vanished"]),
    ],
)
def test_the_day_ends_at_midnight_utc(as_of: date, evidence: list[str]) -> None:
    once = observed([version("v1", "O1", at(2), "Prospect")], as_of=as_of)
    table = published(once, ("O1", JUST_BEFORE, False), ("O1", MIDNIGHT, False), as_of=as_of)
    assert table["evidence"].to_list() == evidence


def test_nothing_is_observed_of_nothing() -> None:
    assert published(observed([]), ("O1", at(2), False)).equals(Observations.create_empty())
