"""When each value of the golden data set was first seen."""

from datetime import date

from golden_history import tables
from histories import built, lines, shown

from transforms.touches import Touches

AS_OF = date(2026, 3, 15)


def test_touches() -> None:
    """O1's EC2 was first seen by a snapshot; S3 of O6 by one of the instant of a version; of O9's products nothing was
    seen before March but by quarantined records."""
    assert shown(built(Touches, tables(AS_OF)[Touches].lazy())) == lines("""
        O1  aws_product   EC2             2025-12-01 00:00            True   2
        O1  aws_product   Lambda          2025-11-03 09:00            True   1
        O1  aws_product   RDS             2025-12-11 00:00            True   3
        O1  aws_product   S3              2026-01-10 00:00            True   4
        O1  aws_product   SNS             2026-02-09 00:00            True   5
        O1  campaign      Spring          2025-11-03 09:00            False  -
        O1  campaign      Summer          2026-01-10 00:00            True   1
        O1  channel       Email           2025-11-03 09:00            True   1
        O1  channel       Social          2025-11-03 09:00            True   1
        O1  partner_need  Co-Sell         2025-11-03 09:00            True   1
        O1  partner_need  Deal support    2025-12-01 00:00            False  -
        O1  solution      S-1             2025-12-11 00:00            True   1
        O1  solution      S-2             2026-01-10 00:00            True   2
        O1  solution      S-3             2026-02-09 00:00            True   3
        O2  campaign      Spring          2025-11-20 00:00            True   1
        O2  solution      S-1             2025-11-20 00:00            True   1
        O2  solution      S-4             2025-12-20 00:00            True   2
        O3  apn_program   ISV Accelerate  2026-01-31 23:59:59.999999  True   1
        O3  aws_product   EC2             2026-01-01 00:00            True   1
        O3  aws_product   RDS             2026-01-31 23:59:59.999999  True   2
        O3  campaign      Spring          2026-01-01 00:00            True   1
        O3  solution      S-2             2026-01-01 00:00            False  -
        O5  aws_product   EC2             2025-12-01 00:00            False  -
        O5  aws_product   S3              2026-01-15 00:00            True   1
        O5  solution      S-1             2026-01-15 00:00            True   2
        O5  solution      S-2             2025-12-01 00:00            True   1
        O5  solution      S-3             2026-01-15 00:00            True   2
        O6  aws_product   EC2             2025-12-10 00:00            True   1
        O6  aws_product   S3              2025-12-10 00:00            True   1
        O6  campaign      Summer          2025-11-10 00:00            True   1
        O6  channel       Email           2025-11-10 00:00            True   1
        O6  solution      S-1             2025-12-10 00:00            True   2
        O6  solution      S-3             2025-11-10 00:00            True   1
        O7  campaign      Winter          2026-01-31 12:00            True   1
        O7  solution      S-9             2026-02-28 00:00            True   1
        O9  aws_product   EC2             2026-03-15 23:59:59.999999  True   1
        O9  aws_product   Lambda          2026-03-15 23:59:59.999999  True   1
        O9  campaign      Spring          2026-02-11 00:00            True   1
        O9  solution      S-1             2026-02-11 00:00            True   1
        O9  solution      S-2             2026-03-15 23:59:59.999999  True   2
    """)
