"""The amounts of the report carry the currency that the warehouse was made with, whatever is configured now."""

from decimal import Decimal
from pathlib import Path

from report_warehouses import opportunity, publish_rows

from pipelines.report.page import write_report
from pipelines.settings import Settings


def test_the_currency_is_that_of_the_warehouse(tmp_path: Path) -> None:
    deal = opportunity(currency_code="EUR", aws_mrr=Decimal("92.00"), aws_mrr_reporting=Decimal("15641.00"))
    finding = {"opportunity_id": "O1", "rule": "stale", "severity": "warning", "detail": "no change for 40 days"}
    made = publish_rows(tmp_path / "data", {"opportunities": [deal], "hygiene": [finding]}, currency="JPY")
    page = write_report(Settings(data_dir=made.data_dir, currency="USD")).read_text()
    assert "15,641" in page
    assert "AWS MRR in JPY" in page
    assert "USD" not in page
