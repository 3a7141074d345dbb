"""Exchange rates for the demo world: invented, a function of its seed, and one line longer with every working day."""

from collections.abc import Iterator
from datetime import date, timedelta

from pipelines.sandbox.demo.dice import Dice

# Units for one US dollar in the smallest unit shown, and how many digits are shown after the point.
FIRST = {"EUR": (93_000, 5), "GBP": (79_000, 5), "JPY": (15_100, 2)}
LARGEST_STEP = 0.008  # from one working day to the next
SATURDAY = 5
LEAD = timedelta(days=10)  # before the world begins, so that its first days have rates too


def rates_csv(seed: int, first: date, last: date) -> str:
    """The text of a rates file from some days before `first` up to `last`; a longer one begins with a shorter one."""
    return "date,currency,per_usd\n" + "".join(f"{line}\n" for line in _lines(seed, first - LEAD, last))


def _lines(seed: int, first: date, last: date) -> Iterator[str]:
    dice = Dice(f"{seed}/rates")
    units = {currency: start for currency, (start, _) in FIRST.items()}
    for day in (first + timedelta(days) for days in range((last - first).days + 1)):
        if day.weekday() < SATURDAY:
            for currency, (start, digits) in FIRST.items():
                drift = start / units[currency] - 1  # pulled back to where it began, a little
                step = LARGEST_STEP * (2 * dice.random() - 1) + drift / 100
                units[currency] = round(units[currency] * (1 + step))
                whole, rest = divmod(units[currency], 10**digits)
                yield f"{day},{currency},{whole}.{rest:0{digits}}"
