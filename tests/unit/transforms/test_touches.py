"""When values are first seen."""

from datetime import date

import polars as pl
from histories import built, lines, shown
from touch_tables import AS_OF, rows, touched, version

from transforms.staged import DIMENSION_VALUES, OPPORTUNITY_VERSIONS, RESOURCE_SNAPSHOTS
from transforms.touches import Touches, touches

EVERY_KIND = """
    O1  2026-03-01  version            campaign Spring  solution S-2  solution S-1
    O1  2026-03-02  snapshot           solution S-3     solution S-4
    O1  2026-03-03  excluded version   campaign Autumn  solution S-5
    O1  2026-03-04  excluded snapshot  solution S-5
    O1  2026-03-05  version            campaign Summer  solution S-1  solution S-3
    O2  2026-03-01  version            campaign Spring
    O2  2026-03-05  version            campaign Spring  channel Email
"""


def test_every_dimension_of_a_version() -> None:
    table = touched("""
        O1  2026-03-02 10:00  version  campaign Spring  channel Email  solution S-1  partner_need Deal support
        O1  2026-03-03 10:00  version  campaign Spring  channel Email  solution S-1  apn_program ISV Accelerate
        O1  2026-03-04 10:00  version  campaign Spring  channel Email  solution S-1  aws_product EC2
    """)
    assert shown(table) == lines("""
        O1  apn_program   ISV Accelerate  2026-03-03 10:00  False  -
        O1  aws_product   EC2             2026-03-04 10:00  True   1
        O1  campaign      Spring          2026-03-02 10:00  True   1
        O1  channel       Email           2026-03-02 10:00  True   1
        O1  partner_need  Deal support    2026-03-02 10:00  False  -
        O1  solution      S-1             2026-03-02 10:00  True   1
    """)


def test_every_dimension_of_a_snapshot() -> None:
    table = touched("""
        O1  2026-03-02  snapshot  solution S-1  aws_product EC2  partner_need Deal support
        O1  2026-03-03  version   solution S-1  aws_product EC2  partner_need Deal support
    """)
    assert shown(table) == lines("""
        O1  aws_product   EC2           2026-03-02 00:00  True  1
        O1  partner_need  Deal support  2026-03-02 00:00  True  1
        O1  solution      S-1           2026-03-02 00:00  True  1
    """)


def test_the_first_version_that_shows_a_value_touches() -> None:
    table = touched("""
        O1  2026-03-01  version  solution S-1
        O1  2026-03-05  version  solution S-1  solution S-2
        O1  2026-03-09  version  solution S-3  solution S-2  solution S-1
    """)
    assert rows(table) == lines("""
        S-1  2026-03-01 00:00  True  1
        S-2  2026-03-05 00:00  True  2
        S-3  2026-03-09 00:00  True  3
    """)


def test_a_snapshot_may_show_a_value_before_any_version_does() -> None:
    """Between two versions, and even before the first one."""
    table = touched("""
        O1  2026-02-20  snapshot  solution S-3
        O1  2026-03-01  version   solution S-1
        O1  2026-03-05  snapshot  solution S-2
        O1  2026-03-09  version   solution S-1  solution S-2  solution S-3
    """)
    assert rows(table) == lines("""
        S-1  2026-03-01 00:00  True  2
        S-2  2026-03-05 00:00  True  3
        S-3  2026-02-20 00:00  True  1
    """)


def test_a_value_that_came_back_was_touched_when_it_first_came() -> None:
    table = touched("""
        O1  2026-03-01  version  solution S-1
        O1  2026-03-05  version  solution S-2
        O1  2026-03-09  version  solution S-2  solution S-1
    """)
    assert rows(table) == lines("""
        S-1  2026-03-01 00:00  True  1
        S-2  2026-03-05 00:00  True  2
    """)


def test_a_value_that_a_record_lists_twice_is_one_touch() -> None:
    table = touched("""
        O1  2026-03-01  version   solution S-1  solution S-1
        O1  2026-03-01  snapshot  solution S-1  solution S-1
    """)
    assert rows(table) == lines("S-1  2026-03-01 00:00  True  1")


def test_one_value_in_several_dimensions_is_as_many_touches() -> None:
    table = touched("O1  2026-03-01  version  campaign Launch  channel Launch  solution Launch")
    assert shown(table, "dimension value position") == lines("""
        campaign  Launch  1
        channel   Launch  1
        solution  Launch  1
    """)


def test_empty_and_unknown_values_are_none() -> None:
    """A blank is not empty: a value is what the record has."""
    versions = pl.LazyFrame([version("v1", "O1", "2026-03-01", "version", "campaign ")], OPPORTUNITY_VERSIONS)
    items = [("v1", "solution", None), ("v1", "solution", ""), ("v1", "solution", " "), ("v1", "channel", "")]
    values = pl.LazyFrame(items, DIMENSION_VALUES, orient="row")
    snapshots = pl.LazyFrame(schema=RESOURCE_SNAPSHOTS)
    table = built(Touches, touches(versions, values, snapshots, values.clear(), as_of=AS_OF))
    assert versions.collect()["marketing__campaign_name"].to_list() == [""]
    assert table.select("dimension", "value").rows() == [("solution", " ")]


def test_values_are_told_apart_to_the_letter() -> None:
    table = touched("""
        O1  2026-03-01  version  channel Email
        O1  2026-03-05  version  channel email  channel É-mail
    """)
    assert rows(table) == lines("""
        Email   2026-03-01 00:00  False  -
        email   2026-03-05 00:00  True   1
        É-mail  2026-03-05 00:00  True   1
    """)


def test_a_renamed_campaign_is_removed_and_the_new_name_touches() -> None:
    """O2's got its first name back; O3's was taken away."""
    table = touched("""
        O1  2026-03-01  version  campaign Spring
        O1  2026-03-05  version
        O1  2026-03-09  version  campaign Summer
        O2  2026-03-01  version  campaign Spring
        O2  2026-03-05  version  campaign Summer
        O2  2026-03-09  version  campaign Spring
        O3  2026-03-01  version  campaign Spring
        O3  2026-03-05  version
    """)
    assert shown(table, "opportunity_id value touched_at is_current position") == lines("""
        O1  Spring  2026-03-01 00:00  False  -
        O1  Summer  2026-03-09 00:00  True   1
        O2  Spring  2026-03-01 00:00  True   1
        O2  Summer  2026-03-05 00:00  False  -
        O3  Spring  2026-03-01 00:00  False  -
    """)


def test_excluded_records_and_snapshots_without_an_instant_show_nothing() -> None:
    table = touched("""
        O1  2026-03-01  excluded version   campaign Winter  solution S-1
        O1  2026-03-02  excluded snapshot  solution S-2     solution S-4
        O1  -           snapshot           solution S-3     solution S-4
        O1  2026-03-09  version            campaign Spring  solution S-1  solution S-2  solution S-3
    """)
    assert rows(table) == lines("""
        Spring  2026-03-09 00:00  True  1
        S-1     2026-03-09 00:00  True  1
        S-2     2026-03-09 00:00  True  1
        S-3     2026-03-09 00:00  True  1
    """)


def test_an_opportunity_that_is_not_in_the_marts_has_no_touches() -> None:
    """O1's last version is excluded, O2 was only seen by a snapshot, and O4 only after the as-of day, before which O3's
    last version is a sound one."""
    table = touched("""
        O1  2026-03-01  version           campaign Spring
        O1  2026-03-02  snapshot          solution S-1
        O1  2026-03-05  excluded version  campaign Spring
        O2  2026-03-02  snapshot          solution S-1
        O3  2026-03-01  version           campaign Spring
        O3  2026-04-01  excluded version  campaign Spring
        O4  2026-03-02  snapshot          solution S-1
        O4  2026-04-01  version           campaign Spring
    """)
    assert shown(table, "opportunity_id value is_current") == lines("O3  Spring  True")


def test_the_day_ends_at_midnight_utc() -> None:
    table = touched("""
        O1  2026-03-31 23:59:59.999999  version   solution S-1
        O1  2026-03-31 23:59:59.999999  snapshot  solution S-2
        O1  2026-04-01                  snapshot  solution S-3
        O1  2026-04-01                  version   solution S-4
    """)
    assert rows(table) == lines("""
        S-1  2026-03-31 23:59:59.999999  True   1
        S-2  2026-03-31 23:59:59.999999  False  -
    """)


def test_an_as_of_date_in_the_past_knows_what_was_known_then() -> None:
    records = """
        O1  2026-03-01  version  solution S-1
        O1  2026-03-05  version  solution S-2
    """
    assert rows(touched(records, date(2026, 3, 4))) == lines("S-1  2026-03-01 00:00  True  1")
    assert rows(touched(records, date(2026, 3, 5))) == lines("""
        S-1  2026-03-01 00:00  False  -
        S-2  2026-03-05 00:00  True   1
    """)
    assert touched(records, date(2026, 2, 28)).equals(Touches.create_empty())


def test_the_order_of_arrival_is_irrelevant() -> None:
    table = touched(EVERY_KIND)
    assert shown(table) == lines("""
        O1  campaign  Spring  2026-03-01 00:00  False  -
        O1  campaign  Summer  2026-03-05 00:00  True   1
        O1  solution  S-1     2026-03-01 00:00  True   1
        O1  solution  S-2     2026-03-01 00:00  False  -
        O1  solution  S-3     2026-03-02 00:00  True   2
        O1  solution  S-4     2026-03-02 00:00  False  -
        O2  campaign  Spring  2026-03-01 00:00  True   1
        O2  channel   Email   2026-03-05 00:00  True   1
    """)
    assert touched(EVERY_KIND, in_reverse=True).equals(table)


def test_nothing_landed_is_an_empty_table() -> None:
    assert touched("").equals(Touches.create_empty())
