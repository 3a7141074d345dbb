"""Every rule by hand, on both sides of each boundary. How the tables read stands in hygiene_records.py; the stages that
a rule applies to, and the thresholds, are tested in test_hygiene_table.py."""

from hygiene_records import check


def test_missing_contract_duration() -> None:
    check(
        "missing_contract_duration",
        """
        contract_duration_as_sent  contract_months  dates_months  detail                         suggestion
        -                          -                -             no expected contract duration  -
        -                          -                0             no expected contract duration  -
        -                          -                1             no expected contract duration  1
        -                          -                144           no expected contract duration  144
        -                          -                145           no expected contract duration  -
        12 Months                  12               -             holds
        145 Months                 -                12            holds
        """,
    )


def test_invalid_contract_duration() -> None:
    check(
        "invalid_contract_duration",
        """
        contract_duration_as_sent  dates_months  detail                                             suggestion
        3 Years                    36            sent as "3 Years": not 1 to 144 whole months       36
        145 Months                 145           sent as "145 Months": not 1 to 144 whole months    -
        144.5 Months               144           sent as "144.5 Months": not 1 to 144 whole months  144
        0 Months                   0             sent as "0 Months": not 1 to 144 whole months      -
        0 Months                   1             sent as "0 Months": not 1 to 144 whole months      1
        0 Months                   -             sent as "0 Months": not 1 to 144 whole months      -
        12                         12            sent as "12": not 1 to 144 whole months            12
        -                          12            holds
        """,
        contract_months="-",
    )


def test_a_contract_duration_of_1_to_144_months_is_valid() -> None:
    check(
        "invalid_contract_duration",
        """
        contract_duration_as_sent  contract_months  detail
        1 Months                   1                holds
        144 Months                 144              holds
        """,
    )


def test_missing_spend() -> None:
    check(
        "missing_spend",
        """
        has_spend  detail
        false      expected spend for AWS or Self without an amount, or none
        true       holds
        """,
    )


def test_target_close_date_past() -> None:
    check(
        "target_close_date_past",
        """
        target_close_date  detail
        2026-03-30         target close date 2026-03-30 (days past: 1)
        2025-12-31         target close date 2025-12-31 (days past: 90)
        2026-03-31         holds
        2026-04-01         holds
        -                  holds
        """,
    )


def test_stale() -> None:
    """Thirty days before the end of 31 March is the end of 1 March."""
    check(
        "stale",
        """
        last_modified_at            detail
        2026-03-01 23:59:59.999999  last changed 2026-03-01 (days ago: 30)
        2026-01-01 00:00            last changed 2026-01-01 (days ago: 89)
        2026-03-02 00:00            holds
        2026-03-31 23:59:59.999999  holds
        """,
    )


def test_missing_closed_lost_reason() -> None:
    check(
        "missing_closed_lost_reason",
        """
        closed_lost_reason  stage        detail
        -                   Closed Lost  Closed Lost without a valid reason
        Price               Closed Lost  holds
        -                   Committed    holds
        """,
    )


def test_missing_solution() -> None:
    check(
        "missing_solution",
        """
        has_solution  stage                detail
        false         Committed            Committed without a solution
        false         Launched             Launched without a solution
        true          Committed            holds
        true          Launched             holds
        false         Business Validation  holds
        """,
    )


def test_duration_disagrees_with_dates() -> None:
    """The dates span 0 months where they are the wrong way round."""
    check(
        "duration_disagrees_with_dates",
        """
        contract_months  dates_months  detail
        12               14            12 months, but the dates span 14
        12               10            12 months, but the dates span 10
        144              1             144 months, but the dates span 1
        1                145           1 months, but the dates span 145
        36               0             36 months, but the dates span 0
        2                0             2 months, but the dates span 0
        1                0             holds
        12               13            holds
        12               11            holds
        12               12            holds
        -                14            holds
        -                0             holds
        12               -             holds
        """,
    )


def test_mixed_currencies() -> None:
    check(
        "mixed_currencies",
        """
        spend_currencies  detail
        EUR, USD          expected spend in EUR, USD
        EUR, GBP, USD     expected spend in EUR, GBP, USD
        USD               holds
        -                 holds
        """,
    )


def test_partition_currency() -> None:
    check(
        "partition_currency",
        """
        aws_partition  spend_currencies  detail                                    suggestion
        aws-eusc       USD               aws-eusc, but expected spend in USD       EUR
        aws-eusc       EUR, USD          aws-eusc, but expected spend in EUR, USD  EUR
        aws-eusc       EUR               holds
        aws-eusc       -                 holds
        aws            USD               holds
        -              USD               holds
        """,
    )


def test_national_security_industry() -> None:
    check(
        "national_security_industry",
        """
        is_national_security  industry    detail
        true                  Retail      national security, but industry Retail
        true                  -           national security, but industry unknown
        true                  Government  holds
        false                 Retail      holds
        false                 -           holds
        """,
    )


def test_action_required() -> None:
    check(
        "action_required",
        """
        review_status       detail
        Action Required     AWS's review asks for corrections
        Approved            holds
        Pending Submission  holds
        Rejected            holds
        -                   holds
        """,
    )


def test_missing_next_steps() -> None:
    check(
        "missing_next_steps",
        """
        has_next_steps  detail
        false           no next steps
        true            holds
        """,
    )


def test_tcv_disagrees_with_mrr() -> None:
    """One per cent of 100.00 is 1.00, of 99.60 it is 0.996, of 100.40 1.004, of 0.50 half a cent."""
    check(
        "tcv_disagrees_with_mrr",
        """
        aws_mrr  deal_mrr  detail                                                        suggestion
        100.00   101.01    the TCV gives 101.01 USD a month, the AWS entries 100.00 USD  101.01
        100.00   98.99     the TCV gives 98.99 USD a month, the AWS entries 100.00 USD   98.99
        100.00   101.00    holds
        100.00   99.00     holds
        99.60    100.60    the TCV gives 100.60 USD a month, the AWS entries 99.60 USD   100.60
        99.60    100.59    holds
        100.40   101.41    the TCV gives 101.41 USD a month, the AWS entries 100.40 USD  101.41
        100.40   101.40    holds
        0.50     0.51      the TCV gives 0.51 USD a month, the AWS entries 0.50 USD      0.51
        0.01     0.00      the TCV gives 0.00 USD a month, the AWS entries 0.01 USD      0.00
        0.00     0.01      the TCV gives 0.01 USD a month, the AWS entries 0.00 USD      0.01
        0.00     0.00      holds
        -        100.00    holds
        100.00   -         holds
        """,
    )


def test_the_amounts_to_compare_are_named_with_their_currency() -> None:
    check(
        "tcv_disagrees_with_mrr",
        """
        deal_mrr  detail                                                       suggestion
        98.99     the TCV gives 98.99 EUR a month, the AWS entries 100.00 EUR  98.99
        99.00     holds
        """,
        aws_currency_code="EUR",
        deal_currency_code="EUR",
    )


def test_a_tcv_is_not_compared_with_an_mrr_of_another_or_an_unknown_currency() -> None:
    check(
        "tcv_disagrees_with_mrr",
        """
        aws_currency_code  deal_currency_code  deal_mrr  detail
        EUR                USD                 200.00    holds
        -                  USD                 200.00    holds
        USD                -                   200.00    holds
        -                  -                   200.00    holds
        """,
    )


def test_missing_fx_rate() -> None:
    check(
        "missing_fx_rate",
        """
        unconverted_currencies  detail
        EUR                     amounts in EUR cannot be converted as of 2026-03-31
        EUR, JPY                amounts in EUR, JPY cannot be converted as of 2026-03-31
        (unknown)               amounts in (unknown) cannot be converted as of 2026-03-31
        (unknown), EUR          amounts in (unknown), EUR cannot be converted as of 2026-03-31
        -                       holds
        """,
    )
