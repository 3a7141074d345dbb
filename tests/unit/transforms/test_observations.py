from datetime import UTC, date, datetime

import pytest
from histories import lines, shown
from observed_records import at, entries, months, observed, snapshot, software, version

from transforms.observations import Observations

HISTORY = Observations.column_names()[:7]
REVENUE = " ".join(Observations.column_names()[7:])


def test_versions_and_snapshots_form_one_history_in_order() -> None:
    table = observed(
        [
            version("v3", "O2", at(1), "Launched"),
            version("v2", "O1", at(9), "Closed Lost", life_cycle__target_close_date="2026-02-31"),
            version("v1", "O1", at(2), "Qualified", life_cycle__target_close_date="2026-06-30"),
        ],
        [snapshot("s1", at(5), "Committed", lifecycle__target_close_date="2026-07-31")],
    )
    assert table.select(HISTORY).rows() == [
        ("O1", 1, at(2), "version", "Qualified", 2, date(2026, 6, 30)),
        ("O1", 2, at(5), "snapshot", "Committed", 5, date(2026, 7, 31)),
        ("O1", 3, at(9), "version", "Closed Lost", None, None),
        ("O2", 1, at(1), "version", "Launched", 6, None),
    ]


def test_at_equal_instants_a_version_comes_first_then_engagement_and_revision() -> None:
    table = observed(
        [version("z", "O1", at(2), "Prospect")],
        [
            snapshot("a", at(2), "Committed", 1, engagement_id="eng-2"),
            snapshot("b", at(2), "Business Validation", 10),
            snapshot("c", at(2), "Qualified", 9),
        ],
    )
    assert table["stage"].to_list() == ["Prospect", "Qualified", "Business Validation", "Committed"]


def test_versions_of_one_instant_that_contradict_each_other_stand_by_their_key() -> None:
    versions = [version("b", "O1", at(2), "Qualified"), version("a", "O1", at(2), "Prospect")]
    assert observed(versions)["stage"].to_list() == ["Prospect", "Qualified"]


def test_the_day_ends_at_midnight_utc() -> None:
    midnight = datetime(2026, 4, 1, tzinfo=UTC)
    just_before = datetime(2026, 3, 31, 23, 59, 59, 999_999, tzinfo=UTC)
    table = observed(
        [version("v1", "O1", just_before, "Prospect"), version("v2", "O1", midnight, "Qualified")],
        [snapshot("s1", just_before, "Committed", 1), snapshot("s2", midnight, "Launched", 2)],
    )
    assert table["stage"].to_list() == ["Prospect", "Committed"]


@pytest.mark.parametrize(
    ("as_of", "stages"),
    [
        (date(2026, 3, 1), []),
        (date(2026, 3, 2), ["Prospect"]),
        (date(2026, 3, 8), ["Prospect", "Committed"]),
        (date(2026, 3, 9), ["Prospect", "Committed", "Qualified"]),
    ],
)
def test_an_as_of_date_in_the_past_knows_what_was_known_then(as_of: date, stages: list[str]) -> None:
    table = observed(
        [version("v1", "O1", at(2, 23), "Prospect"), version("v2", "O1", at(9), "Qualified")],
        [snapshot("s1", at(5), "Committed")],
        as_of=as_of,
    )
    assert table["stage"].to_list() == stages


def test_excluded_records_and_snapshots_without_an_instant_observe_nothing() -> None:
    table = observed(
        [version("v1", "O1", at(3), "Prospect"), version("v2", "O1", at(2), "Dreaming", is_excluded=True)],
        [snapshot("s1", None, "Committed", 1), snapshot("s2", at(4), "Dreaming", 2, is_excluded=True)],
    )
    assert table.select(HISTORY).rows() == [("O1", 1, at(3), "version", "Prospect", 1, None)]


def test_an_excluded_last_version_takes_the_whole_history_out() -> None:
    table = observed(
        [
            version("v1", "O1", at(2), "Prospect"),
            version("v2", "O1", at(3), "Dreaming", is_excluded=True),
            version("v3", "O2", at(2), "Prospect"),
            version("v4", "O2", datetime(2026, 4, 1, tzinfo=UTC), "Dreaming", is_excluded=True),
        ],
        [snapshot("s1", at(4), "Qualified")],
    )
    assert table.select("opportunity_id", "stage").rows() == [("O2", "Prospect")]


def test_snapshots_alone_make_no_opportunity() -> None:
    """Neither one without a version nor one whose first version is after the as-of day."""
    table = observed(
        [version("v1", "O2", datetime(2026, 4, 1, tzinfo=UTC), "Prospect"), version("v2", "O3", at(9), "Prospect")],
        [
            snapshot("s1", at(4), "Qualified"),
            snapshot("s2", at(4), "Qualified", opportunity_id="O2"),
            snapshot("s3", at(4), "Qualified", opportunity_id="O3"),
        ],
    )
    assert table.select("opportunity_id", "stage").rows() == [("O3", "Qualified"), ("O3", "Prospect")]


def test_amounts_are_those_of_the_record_itself() -> None:
    table = observed(
        [
            version("v1", "O1", at(2), "Prospect", **months("24"), **software("720")),
            version("v2", "O1", at(9), "Prospect", **months("12"), **software("600")),
        ],
        [snapshot("s1", at(5), "Prospect", **months("36"))],
        entries("v1 AWS 100.50 USD", "v1 Self 2400 USD", "v2 AWS 200 USD", "v2 AWS 50 USD"),
        entries("s1 AWS 150 USD", "s1 Self 3000 USD"),
    )
    # aws_mrr x contract_months: 100.50 x 24, 150 x 36, (200 + 50) x 12
    assert shown(table, REVENUE) == lines("""
        24  100.50  2412.00  2400.00  720.00  -
        36  150.00  5400.00  3000.00  720.00  -
        12  250.00  3000.00  -        600.00  -
    """)


def test_another_currency_or_no_amount_is_null() -> None:
    table = observed(
        [
            version("v1", "O1", at(1), "Prospect", **months("12"), **software("720", "EUR")),
            version("v2", "O1", at(2), "Prospect", **software("720")),
            version("v3", "O1", at(3), "Prospect", **months("145")),
            version("v4", "O1", at(4), "Prospect", **months("12")),
        ],
        [snapshot("s1", at(5), "Prospect", **months("12"))],
        entries("v1 AWS 100 EUR", "v1 Self 1200 USD", "v2 AWS 100 USD", "v4 AWS 100 USD", "v4 AWS 100 EUR"),
        entries("s1 AWS 100 USD", "s1 Self 1200 GBP"),
    )
    assert shown(table, REVENUE) == lines("""
        12  -       -        1200.00  -       EUR
        -   100.00  -        -        720.00  -
        -   -       -        -        -       -
        12  -       -        -        -       -
        12  100.00  1200.00  -        -       GBP
    """)


def test_a_snapshot_has_the_software_revenue_of_the_last_version_before_it() -> None:
    table = observed(
        [
            version("v1", "O1", at(2), "Prospect", **software("720")),
            version("v2", "O1", at(4), "Prospect"),
            version("v3", "O1", at(6), "Prospect", **software("600")),
            version("v4", "O1", at(7), "Prospect", **software("999"), is_excluded=True),
            version("v5", "O1", at(9), "Prospect", **software("500", "EUR")),
        ],
        [
            snapshot("s1", at(1), "Prospect", 1),
            snapshot("s2", at(2), "Prospect", 2),
            snapshot("s3", at(3), "Prospect", 3),
            snapshot("s4", at(5), "Prospect", 4),
            snapshot("s5", at(8), "Prospect", 5),
            snapshot("s6", at(10), "Prospect", 6),
        ],
    )
    assert shown(table, "observed_at evidence software_tcv_reporting") == lines("""
        2026-03-01 00:00  snapshot  -
        2026-03-02 00:00  version   720.00
        2026-03-02 00:00  snapshot  720.00
        2026-03-03 00:00  snapshot  720.00
        2026-03-04 00:00  version   -
        2026-03-05 00:00  snapshot  -
        2026-03-06 00:00  version   600.00
        2026-03-08 00:00  snapshot  600.00
        2026-03-09 00:00  version   -
        2026-03-10 00:00  snapshot  -
    """)


def test_software_revenue_is_never_that_of_another_opportunity() -> None:
    table = observed(
        [version("v1", "O1", at(2), "Prospect", **software("720")), version("v2", "O2", at(9), "Prospect")],
        [snapshot("s1", at(3), "Prospect", opportunity_id="O2")],
    )
    assert shown(table, "opportunity_id evidence software_tcv_reporting") == lines("""
        O1  version   720.00
        O2  snapshot  -
        O2  version   -
    """)


def test_the_order_of_arrival_is_irrelevant() -> None:
    versions = [
        version("v1", "O1", at(2), "Prospect", **software("720")),
        version("v2", "O1", at(9), "Qualified"),
        version("v3", "O2", at(1), "Prospect"),
        version("v4", "O1", at(9), "Prospect"),
    ]
    snapshots = [snapshot("s1", at(2), "Prospect", 1), snapshot("s2", at(9), "Committed", 2)]
    spend = entries("v1 AWS 100 USD", "v1 AWS 50 USD", "v2 Self 20 USD", "v3 AWS 30 USD")
    snapshot_spend = entries("s1 AWS 70 USD", "s2 AWS 80 USD")
    table = observed(versions, snapshots, spend, snapshot_spend)
    assert shown(table, "opportunity_id observation stage aws_mrr_reporting") == lines("""
        O1  1  Prospect   150.00
        O1  2  Prospect   70.00
        O1  3  Qualified  -
        O1  4  Prospect   -
        O1  5  Committed  80.00
        O2  1  Prospect   30.00
    """)
    assert observed(versions[::-1], snapshots[::-1], spend[::-1], snapshot_spend[::-1]).equals(table)


def test_nothing_landed_is_an_empty_history() -> None:
    assert observed([]).equals(Observations.create_empty())
