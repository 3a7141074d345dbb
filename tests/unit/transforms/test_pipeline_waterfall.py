"""What enters and leaves the open pipeline, deal by deal."""

from histories import lines, waterfall


def test_created_increased_decreased_and_a_month_with_nothing() -> None:
    table = waterfall(
        """
        O1  2026-03-02  created
        O1  2026-03-02  version  Prospect  100.00
        O1  2026-03-20  version  Prospect  130.00
        O1  2026-04-10  version  Prospect  180.00
        O1  2026-06-10  version  Prospect  150.00
        """,
        "2026-06-30",
    )
    assert table == lines("""
        month       measure  opening  created  discovered  reopened  increased  decreased  won   lost  closing
        2026-03-01  count    0.00     1.00     0.00        0.00      0.00       0.00       0.00  0.00  1.00
        2026-03-01  aws_mrr  0.00     130.00   0.00        0.00      0.00       0.00       0.00  0.00  130.00
        2026-04-01  count    1.00     0.00     0.00        0.00      0.00       0.00       0.00  0.00  1.00
        2026-04-01  aws_mrr  130.00   0.00     0.00        0.00      50.00      0.00       0.00  0.00  180.00
        2026-05-01  count    1.00     0.00     0.00        0.00      0.00       0.00       0.00  0.00  1.00
        2026-05-01  aws_mrr  180.00   0.00     0.00        0.00      0.00       0.00       0.00  0.00  180.00
        2026-06-01  count    1.00     0.00     0.00        0.00      0.00       0.00       0.00  0.00  1.00
        2026-06-01  aws_mrr  180.00   0.00     0.00        0.00      0.00       30.00      0.00  0.00  150.00
    """)


def test_increases_and_decreases_of_different_deals_do_not_cancel_out() -> None:
    table = waterfall(
        """
        O1  2026-03-02  created
        O1  2026-03-02  version  Prospect  100.00
        O1  2026-04-02  version  Prospect  100.01
        O2  2026-03-02  created
        O2  2026-03-02  version  Prospect  100.00
        O2  2026-04-02  version  Prospect  99.98
        """,
        "2026-04-30",
    )
    assert table == lines("""
        month       measure  opening  created  discovered  reopened  increased  decreased  won   lost  closing
        2026-03-01  count    0.00     2.00     0.00        0.00      0.00       0.00       0.00  0.00  2.00
        2026-03-01  aws_mrr  0.00     200.00   0.00        0.00      0.00       0.00       0.00  0.00  200.00
        2026-04-01  count    2.00     0.00     0.00        0.00      0.00       0.00       0.00  0.00  2.00
        2026-04-01  aws_mrr  200.00   0.00     0.00        0.00      0.01       0.02       0.00  0.00  199.99
    """)


def test_a_first_observation_in_a_later_month_than_creation_is_discovered() -> None:
    table = waterfall(
        """
        O1  2026-02-10  created
        O1  2026-03-02  version  Qualified  100.00
        O2  2026-03-10  created
        O2  2026-03-12  version  Qualified  10.00
        """,
        "2026-03-31",
    )
    assert table == lines("""
        month       measure  opening  created  discovered  reopened  increased  decreased  won   lost  closing
        2026-02-01  count    0.00     0.00     0.00        0.00      0.00       0.00       0.00  0.00  0.00
        2026-02-01  aws_mrr  0.00     0.00     0.00        0.00      0.00       0.00       0.00  0.00  0.00
        2026-03-01  count    0.00     1.00     1.00        0.00      0.00       0.00       0.00  0.00  2.00
        2026-03-01  aws_mrr  0.00     10.00    100.00      0.00      0.00       0.00       0.00  0.00  110.00
    """)


def test_created_and_won_in_one_month() -> None:
    table = waterfall(
        """
        O1  2026-03-02  created
        O1  2026-03-02  version  Prospect  100.00
        O1  2026-03-20  version  Launched  110.00
        O1  2026-04-20  version  Launched  120.00
        """,
        "2026-04-30",
    )
    assert table == lines("""
        month       measure  opening  created  discovered  reopened  increased  decreased  won     lost  closing
        2026-03-01  count    0.00     1.00     0.00        0.00      0.00       0.00       1.00    0.00  0.00
        2026-03-01  aws_mrr  0.00     110.00   0.00        0.00      0.00       0.00       110.00  0.00  0.00
        2026-04-01  count    0.00     0.00     0.00        0.00      0.00       0.00       0.00    0.00  0.00
        2026-04-01  aws_mrr  0.00     0.00     0.00        0.00      0.00       0.00       0.00    0.00  0.00
    """)


def test_lost_leaves_at_the_opening_value_and_reopened_in_a_later_month_comes_at_the_closing_one() -> None:
    table = waterfall(
        """
        O1  2026-03-02  created
        O1  2026-03-02  version  Qualified    100.00
        O1  2026-04-05  version  Closed Lost  90.00
        O1  2026-05-06  version  Prospect     70.00
        O1  2026-05-07  version  Qualified    80.00
        """,
        "2026-05-31",
    )
    assert table == lines("""
        month       measure  opening  created  discovered  reopened  increased  decreased  won   lost    closing
        2026-03-01  count    0.00     1.00     0.00        0.00      0.00       0.00       0.00  0.00    1.00
        2026-03-01  aws_mrr  0.00     100.00   0.00        0.00      0.00       0.00       0.00  0.00    100.00
        2026-04-01  count    1.00     0.00     0.00        0.00      0.00       0.00       0.00  1.00    0.00
        2026-04-01  aws_mrr  100.00   0.00     0.00        0.00      0.00       0.00       0.00  100.00  0.00
        2026-05-01  count    0.00     0.00     0.00        1.00      0.00       0.00       0.00  0.00    1.00
        2026-05-01  aws_mrr  0.00     0.00     0.00        80.00     0.00       0.00       0.00  0.00    80.00
    """)


def test_lost_and_reopened_in_the_same_month_stayed_open() -> None:
    table = waterfall(
        """
        O1  2026-03-02  created
        O1  2026-03-02  version  Qualified    100.00
        O1  2026-03-05  version  Closed Lost  100.00
        O1  2026-03-06  version  Qualified    100.00
        O1  2026-04-05  version  Closed Lost  90.00
        O1  2026-04-06  version  Qualified    80.00
        """,
        "2026-04-30",
    )
    assert table == lines("""
        month       measure  opening  created  discovered  reopened  increased  decreased  won   lost  closing
        2026-03-01  count    0.00     1.00     0.00        0.00      0.00       0.00       0.00  0.00  1.00
        2026-03-01  aws_mrr  0.00     100.00   0.00        0.00      0.00       0.00       0.00  0.00  100.00
        2026-04-01  count    1.00     0.00     0.00        0.00      0.00       0.00       0.00  0.00  1.00
        2026-04-01  aws_mrr  100.00   0.00     0.00        0.00      0.00       20.00      0.00  0.00  80.00
    """)


def test_won_and_reopened_and_won_again_in_a_later_and_in_the_same_month() -> None:
    table = waterfall(
        """
        O1  2026-03-02  created
        O1  2026-03-02  version  Committed  100.00
        O1  2026-04-05  version  Launched   120.00
        O1  2026-05-06  version  Committed  130.00
        O1  2026-06-06  version  Launched   140.00
        O1  2026-07-06  version  Committed  145.00
        O1  2026-07-07  version  Launched   150.00
        """,
        "2026-07-31",
    )
    assert table == lines("""
        month       measure  opening  created  discovered  reopened  increased  decreased  won     lost  closing
        2026-03-01  count    0.00     1.00     0.00        0.00      0.00       0.00       0.00    0.00  1.00
        2026-03-01  aws_mrr  0.00     100.00   0.00        0.00      0.00       0.00       0.00    0.00  100.00
        2026-04-01  count    1.00     0.00     0.00        0.00      0.00       0.00       1.00    0.00  0.00
        2026-04-01  aws_mrr  100.00   0.00     0.00        0.00      0.00       0.00       100.00  0.00  0.00
        2026-05-01  count    0.00     0.00     0.00        1.00      0.00       0.00       0.00    0.00  1.00
        2026-05-01  aws_mrr  0.00     0.00     0.00        130.00    0.00       0.00       0.00    0.00  130.00
        2026-06-01  count    1.00     0.00     0.00        0.00      0.00       0.00       1.00    0.00  0.00
        2026-06-01  aws_mrr  130.00   0.00     0.00        0.00      0.00       0.00       130.00  0.00  0.00
        2026-07-01  count    0.00     0.00     0.00        1.00      0.00       0.00       1.00    0.00  0.00
        2026-07-01  aws_mrr  0.00     0.00     0.00        150.00    0.00       0.00       150.00  0.00  0.00
    """)


def test_a_deal_only_ever_seen_lost_entered_and_left() -> None:
    table = waterfall(
        """
        O1  2026-03-02  created
        O1  2026-03-05  version  Closed Lost  100.00
        O2  2026-02-28  created
        O2  2026-03-05  version  Closed Lost  10.00
        """,
        "2026-03-31",
    )
    assert table == lines("""
        month       measure  opening  created  discovered  reopened  increased  decreased  won   lost    closing
        2026-02-01  count    0.00     0.00     0.00        0.00      0.00       0.00       0.00  0.00    0.00
        2026-02-01  aws_mrr  0.00     0.00     0.00        0.00      0.00       0.00       0.00  0.00    0.00
        2026-03-01  count    0.00     1.00     1.00        0.00      0.00       0.00       0.00  2.00    0.00
        2026-03-01  aws_mrr  0.00     100.00   10.00       0.00      0.00       0.00       0.00  110.00  0.00
    """)


def test_a_deal_first_seen_launched_is_discovered_and_won() -> None:
    table = waterfall(
        """
        O1  2026-02-28  created
        O1  2026-03-05  version  Launched  100.00
        """,
        "2026-03-31",
    )
    assert table == lines("""
        month       measure  opening  created  discovered  reopened  increased  decreased  won     lost  closing
        2026-02-01  count    0.00     0.00     0.00        0.00      0.00       0.00       0.00    0.00  0.00
        2026-02-01  aws_mrr  0.00     0.00     0.00        0.00      0.00       0.00       0.00    0.00  0.00
        2026-03-01  count    0.00     0.00     1.00        0.00      0.00       0.00       1.00    0.00  0.00
        2026-03-01  aws_mrr  0.00     0.00     100.00      0.00      0.00       0.00       100.00  0.00  0.00
    """)


def test_between_closed_lost_and_launched_directly_is_reopened_and_closed() -> None:
    table = waterfall(
        """
        O1  2026-03-02  created
        O1  2026-03-02  version  Prospect     100.00
        O1  2026-03-05  version  Closed Lost  100.00
        O1  2026-04-05  version  Launched     110.00
        O1  2026-05-05  version  Closed Lost  120.00
        """,
        "2026-05-31",
    )
    assert table == lines("""
        month       measure  opening  created  discovered  reopened  increased  decreased  won     lost    closing
        2026-03-01  count    0.00     1.00     0.00        0.00      0.00       0.00       0.00    1.00    0.00
        2026-03-01  aws_mrr  0.00     100.00   0.00        0.00      0.00       0.00       0.00    100.00  0.00
        2026-04-01  count    0.00     0.00     0.00        1.00      0.00       0.00       1.00    0.00    0.00
        2026-04-01  aws_mrr  0.00     0.00     0.00        110.00    0.00       0.00       110.00  0.00    0.00
        2026-05-01  count    0.00     0.00     0.00        1.00      0.00       0.00       0.00    1.00    0.00
        2026-05-01  aws_mrr  0.00     0.00     0.00        120.00    0.00       0.00       0.00    120.00  0.00
    """)
