"""Numbers where a rule begins, for whoever needs them without the rules."""

from dataclasses import dataclass
from decimal import Decimal

LONGEST_CONTRACT_MONTHS = 144  # AWS's prose on ExpectedContractDuration.Value


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Where a rule of hygiene begins to be broken."""

    stale_after_days: int = 30
    duration_tolerance_months: int = 1
    mrr_tolerance_share: Decimal = Decimal("0.01")
