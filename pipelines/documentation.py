"""What is made from code, and kept: pages of docs/ and the baseline of AWS's service model.

`python -m pipelines.documentation` writes them.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

from pipelines.dictionary import dictionary_page
from pipelines.partner_central.baseline import BASELINE, as_json, installed
from transforms.hygiene_rules import HYGIENE_RULES, SEVERITIES

DOCS = Path(__file__).parent.parent / "docs"

_HYGIENE = """# Hygiene: what to put right in the records

`marts.hygiene` is a work list: one row per opportunity and broken rule, with what was found (`detail`) and, where it
follows from the record, the value to set (`suggestion`). This page is made from the same registry as the table,
`transforms/hygiene_rules.py`; `make docs` writes it.

{severities}

```sql
SELECT rule, severity, count(*) AS deals, sum(aws_mrr_reporting) AS aws_mrr
FROM marts.hygiene JOIN marts.opportunities USING (opportunity_id)
GROUP BY ALL ORDER BY severity, deals DESC
```

| rule | severity | applies to | what it means | what to do |
|---|---|---|---|---|
{rules}

The thresholds are settings ([cosell.toml](../cosell.toml)): `stale_after_days`, `duration_tolerance_months`,
`mrr_tolerance_share`, `fx_max_age_days`. A changed one takes effect with the next run.
"""


def hygiene_page() -> str:
    """Return the page on the rules of hygiene: one line per rule, in the order of the registry."""
    rules = (
        f"| `{rule.id}` | {rule.severity} | {rule.applies_to} | {rule.meaning} | {rule.remedy} |"
        for rule in HYGIENE_RULES
    )
    severities = (f"- `{severity}`: {meaning}." for severity, meaning in SEVERITIES.items())
    return _HYGIENE.format(severities="\n".join(severities), rules="\n".join(rules))


PAGES: Mapping[str, Callable[[], str]] = {"dictionary.md": dictionary_page, "hygiene.md": hygiene_page}
"""Each page that is made, and what makes it."""


def main() -> None:
    """Write every page, and the baseline of the service model that is installed."""
    for name, page in PAGES.items():
        (DOCS / name).write_text(page(), encoding="utf-8")
    BASELINE.write_text(as_json(installed()), encoding="utf-8")


if __name__ == "__main__":
    main()
