"""The records of the four opportunities of `marts_world`, and what they show besides stages: touches, credit, findings.

O1's campaign is renamed; its four solutions come at three instants. A snapshot is the first to show one of O2's needs.
O3 shows nothing that revenue is attributed to. O4 has a channel, but no stage, so no outcome. What a quarantined
record, a snapshot without an instant or an opportunity in no mart shows is no touch. O2's amounts are in euros, all
others in US dollars. A listing missed O2 before anything was observed of it.
"""

from collections.abc import Mapping

VERSIONS = """
    key         opportunity_id  last_modified_at   is_excluded  campaign
    O1a         O1              2026-01-05 08:00Z  false        Spring
    O1b         O1              2026-01-20 08:00Z  false        Spring
    O1 bad      O1              2026-02-01 08:00Z  true         Bad
    O1c         O1              2026-02-10 08:00Z  false        Expo
    O1d         O1              2026-03-03 20:00Z  false        Expo
    O2a         O2              2026-02-15 00:00Z  false        -
    O2b         O2              2026-02-20 00:00Z  false        -
    O2c         O2              2026-03-01 00:00Z  false        -
    O3a         O3              2026-02-03 12:00Z  false        -
    O4a         O4              2026-03-04 00:00Z  false        -
    excluded a  excluded        2026-02-03 00:00Z  false        Old
    excluded b  excluded        2026-02-04 00:00Z  true         Old
"""
SNAPSHOTS = """
    key       opportunity_id    created_at         is_excluded
    of O2     O2                2026-02-01 00:00Z  false
    of O2, 2  O2                2026-03-01 00:00Z  false
    undated   O2                -                  false
    of O1     O1                2026-02-11 00:00Z  true
    alone     without versions  2026-02-01 00:00Z  false
"""
SIGHTS = """
    id                observed_at        is_visible
    O1                2026-01-25 08:00Z  false
    O1                2026-02-01 08:00Z  true
    O2                2026-01-31 00:00Z  false
    O2                2026-02-01 00:00Z  true
    O2                2026-03-01 00:00Z  false
    O2                2026-03-02 00:00Z  true
    O3                2026-03-09 00:00Z  false
    O3                2026-03-10 00:00Z  true
    excluded          2026-02-05 00:00Z  false
    without versions  2026-02-05 00:00Z  false
"""
VALUES_OF_VERSIONS: Mapping[str, str] = {
    "marketing__channels": """
        parent_key  value
        O4a         Email
        O4a         Email
        O4a         -
    """,
    "related_entity_identifiers__solutions": """
        parent_key  value
        O1a         S-1
        O1b         S-1
        O1b         S-2
        O1 bad      S-9
        O1c         S-1
        O1c         S-3
        O1c         S-4
        O1d         S-4
        O1d         S-3
        O1d         S-2
        O1d         S-1
        O3a         -
        excluded a  S-7
        excluded b  S-7
    """,
    "related_entity_identifiers__aws_products": """
        parent_key  value
        O1a         P-1
        O1b         P-2
    """,
    "project__apn_programs": "parent_key  value",
    "primary_needs_from_aws": """
        parent_key  value
        O2c         Pricing
        O2c         Technical
    """,
}
VALUES_OF_SNAPSHOTS: Mapping[str, str] = {
    "related_entity_identifiers__solutions": """
        parent_key  value
        alone       S-8
    """,
    "related_entity_identifiers__aws_products": """
        parent_key  value
        of O1       P-9
    """,
    "primary_needs_from_aws": """
        parent_key  value
        of O2       Technical
        undated     Marketing
    """,
}
TOUCHES = """
    id  dimension     value      touched_at         is_current  position
    O1  campaign      Spring     2026-01-05 08:00Z  false       -
    O1  campaign      Expo       2026-02-10 08:00Z  true        1
    O1  solution      S-1        2026-01-05 08:00Z  true        1
    O1  solution      S-2        2026-01-20 08:00Z  true        2
    O1  solution      S-3        2026-02-10 08:00Z  true        3
    O1  solution      S-4        2026-02-10 08:00Z  true        3
    O1  aws_product   P-1        2026-01-05 08:00Z  false       -
    O1  aws_product   P-2        2026-01-20 08:00Z  false       -
    O2  partner_need  Technical  2026-02-01 00:00Z  true        1
    O2  partner_need  Pricing    2026-03-01 00:00Z  true        2
    O4  channel       Email      2026-03-04 00:00Z  true        1
"""
# O1 gives 120.00: 40 % of it is 48.00, and 20 % 24.00. S-1 is 36 days and S-2 21 days older than the other two:
# 2^(-36/30) = 0.43528, 2^(-21/30) = 0.61557, with 1 in all 2.05085; S-1 gets 0.43528 / 2.05085 = 0.21224, 25.469.
# Rounded down 25.46 + 36.01 + 29.25 + 29.25 = 119.97: the three cents left go to S-1, S-2 and, before S-4, S-3.
# O2 gives 40.00; Technical is 28 days older: 2^(-28/30) = 0.52365, and 0.52365 / 1.52365 = 0.34368, 13.747.
CREDIT = """
    dimension     value      outcome  linear              first_touch  last_touch  position_based  time_decay
    campaign      Expo       won      1                   1            1           1               1
    campaign      (none)     lost     2                   2            2           2               2
    channel       (none)     won      1                   1            1           1               1
    channel       (none)     lost     2                   2            2           2               2
    solution      S-1        won      0.3333333333333333  1            0           0.4             0.21224166308169393
    solution      S-2        won      0.3333333333333333  0            0           0.2             0.3001550384307526
    solution      S-3        won      0.1666666666666667  0            0.5         0.2             0.24380164924377676
    solution      S-4        won      0.1666666666666667  0            0.5         0.2             0.24380164924377676
    solution      (none)     lost     2                   2            2           2               2
    aws_product   (none)     won      1                   1            1           1               1
    aws_product   (none)     lost     2                   2            2           2               2
    apn_program   (none)     won      1                   1            1           1               1
    apn_program   (none)     lost     2                   2            2           2               2
    partner_need  (none)     won      1                   1            1           1               1
    partner_need  (none)     lost     1                   1            1           1               1
    partner_need  Technical  lost     0.5                 1            0           0.5             0.3436800258227892
    partner_need  Pricing    lost     0.5                 0            1           0.5             0.6563199741772109
"""
AWS_MRR = """
    dimension     value      outcome  linear  first_touch  last_touch  position_based  time_decay
    campaign      Expo       won      120.00  120.00       120.00      120.00          120.00
    campaign      (none)     lost     40.00   40.00        40.00       40.00           40.00
    channel       (none)     won      120.00  120.00       120.00      120.00          120.00
    channel       (none)     lost     40.00   40.00        40.00       40.00           40.00
    solution      S-1        won      40.00   120.00       0.00        48.00           25.47
    solution      S-2        won      40.00   0.00         0.00        24.00           36.02
    solution      S-3        won      20.00   0.00         60.00       24.00           29.26
    solution      S-4        won      20.00   0.00         60.00       24.00           29.25
    solution      (none)     lost     40.00   40.00        40.00       40.00           40.00
    aws_product   (none)     won      120.00  120.00       120.00      120.00          120.00
    aws_product   (none)     lost     40.00   40.00        40.00       40.00           40.00
    apn_program   (none)     won      120.00  120.00       120.00      120.00          120.00
    apn_program   (none)     lost     40.00   40.00        40.00       40.00           40.00
    partner_need  (none)     won      120.00  120.00       120.00      120.00          120.00
    partner_need  (none)     lost     -       -            -           -               -
    partner_need  Technical  lost     20.00   40.00        0.00        20.00           13.75
    partner_need  Pricing    lost     20.00   0.00         40.00       20.00           26.25
"""
RECORD_FACTS = """
    id  has_spend  spend_currencies  aws_currency  deal_currency  national_security  next_steps  has_solution
    O1  true       USD               USD           -              false              true        true
    O2  true       EUR               EUR           -              false              true        false
    O3  false      -                 -             -              false              false       false
    O4  true       USD               USD           USD            false              true        false
"""
FX_RATES = """
    currency_code  rate_date   per_base  base_currency_code
    EUR            -           1         EUR
    USD            2026-03-31  1.25      EUR
"""
HYGIENE = """
    id  rule                        severity  detail
    O2  missing_closed_lost_reason  warning   Closed Lost without a reason
    O3  missing_closed_lost_reason  warning   Closed Lost without a reason
"""


def attribution(credit: str = CREDIT, aws_mrr: str = AWS_MRR) -> str:
    """The literal table of marts.attribution: a row for each model in a row of these two tables."""
    header, *shares = (line.split() for line in credit.strip().splitlines())
    _, *amounts = (line.split() for line in aws_mrr.strip().splitlines())
    assert [share[:3] for share in shares] == [amount[:3] for amount in amounts]
    rows = [
        [header[place], *share[:3], share[place], amount[place]]
        for share, amount in zip(shares, amounts, strict=True)
        for place in range(3, len(header))
    ]
    return "\n".join(map("  ".join, [["model", "dimension", "value", "outcome", "opportunities", "aws_mrr"], *rows]))
