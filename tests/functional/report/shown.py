"""What a reader takes a figure of the report for."""

import re
from decimal import Decimal

SUPERSCRIPTS = str.maketrans("\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079", "0123456789")
UNITS = {"": 0, "%": -2, "k": 3, "M": 6, "bn": 9, "tn": 12, "days": 0, "day": 0}
FIGURE = re.compile(
    r"(?:(?P<currency>[A-Z]{3}) )?(?P<sign>\u2212?)(?P<digits>\d{1,3}(?:,\d{3})*)(?:\.(?P<decimals>\d+))?"
    r"(?:\s(?:(?P<unit>[a-zA-Z%]+)|\u00d7 10(?P<power>[\u2070\u00b9\u00b2\u00b3\u2074-\u2079]+)))?"
)
UNKNOWN = "\u2013unknown"


def reads_as(text: str, value: Decimal | None) -> bool:
    """Tell whether a text stands for a value: within half a unit of its last digit, or the dash of the unknown."""
    if value is None:
        return text == UNKNOWN
    parts = FIGURE.fullmatch(text)
    if parts is None:
        return False
    decimals = parts["decimals"] or ""
    scale = int(parts["power"].translate(SUPERSCRIPTS)) if parts["power"] else UNITS[parts["unit"] or ""]
    last_digit = Decimal(1).scaleb(scale - len(decimals))
    read = Decimal(f"{parts['sign'] and '-'}{parts['digits'].replace(',', '')}.{decimals or 0}").scaleb(scale)
    return abs(read - value) <= last_digit / 2
