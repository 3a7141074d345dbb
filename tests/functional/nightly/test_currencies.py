"""Exchange rates from a file to the published amounts, night after night, over HTTP and into real files."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from pathlib import Path

import duckdb
import pytest
from processes import NOW, STARTED_AT, Cosell, rows, settings_for

from pipelines.demo import keep_demo_rates
from pipelines.fx_rates import reporting_currency
from pipelines.nightly import run_nightly
from pipelines.sandbox.server import Sandbox
from pipelines.settings import Settings, load_settings
from transforms.currency import Quote

AS_OF = NOW.date()
OPPORTUNITIES = 120
AMOUNTS = "aws_mrr deal_tcv software_tcv".split()
NATIVE = """
SELECT opportunity_id, aws_mrr, aws_currency_code, aws_mrr_reporting, deal_tcv, deal_currency_code, deal_tcv_reporting,
       software_tcv, software_currency_code, software_tcv_reporting
FROM marts.opportunities JOIN ops.record_facts USING (opportunity_id)
"""
UNCONVERTED = "SELECT opportunity_id FROM marts.hygiene WHERE rule = 'missing_fx_rate' ORDER BY ALL"


@pytest.fixture(scope="module")
def settings(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A data directory with one published night, whose rates had grown too old by a day."""
    settings = settings_for(tmp_path_factory.mktemp("currencies") / "data")
    settings.data_dir.mkdir()
    give_rates(settings, f"{AS_OF - timedelta(days=11)},EUR,0.9137")
    run_nightly(settings, as_of=AS_OF)
    return settings


@dataclass(frozen=True)
class Amount:
    """An amount as published: of an opportunity, in its own currency, and in the reporting currency."""

    opportunity_id: str
    value: Decimal
    currency: str
    reported: Decimal | None


def amounts(settings: Settings) -> list[Amount]:
    """Every published amount whose currency is known."""
    found = []
    for opportunity_id, *cells in rows(settings, NATIVE):
        for value, currency, reported in (cells[:3], cells[3:6], cells[6:]):
            if value is not None and currency is not None:
                found.append(Amount(opportunity_id, value, currency, reported))
    return found


def converted(value: Decimal, rate: Fraction) -> Decimal:
    exact = Fraction(value) * rate
    return (Decimal(exact.numerator) / Decimal(exact.denominator)).quantize(Decimal("0.01"), ROUND_HALF_UP)


def give_rates(settings: Settings, *lines: str) -> None:
    text = "\n".join(["date,currency,per_usd", *lines, ""])
    (settings.data_dir / "fx_rates.csv").write_text(text)


def transform_line(run: Callable[[], object], capfd: pytest.CaptureFixture[str]) -> str:
    capfd.readouterr()
    run()
    (line,) = (line for line in capfd.readouterr().err.splitlines() if line.startswith("transform"))
    return line


def test_at_rates_that_are_too_old_other_currencies_are_unknown_and_found(settings: Settings) -> None:
    in_euros = {amount.opportunity_id for amount in amounts(settings) if amount.currency != "USD"}
    assert len(in_euros) > 10
    for amount in amounts(settings):
        assert amount.reported == (amount.value if amount.currency == "USD" else None)
    assert rows(settings, UNCONVERTED) == [(opportunity_id,) for opportunity_id in sorted(in_euros)]


def test_with_rates_every_amount_is_converted_once_and_rounded_half_up(
    settings: Settings, capfd: pytest.CaptureFixture[str]
) -> None:
    foreign = {amount.opportunity_id for amount in amounts(settings) if amount.currency != "USD"}
    give_rates(settings, f"{AS_OF - timedelta(days=10)},EUR,0.9137", f"{AS_OF + timedelta(days=1)},EUR,5")
    line = transform_line(lambda: run_nightly(settings, as_of=AS_OF), capfd)
    for amount in amounts(settings):
        rate = Fraction(1) if amount.currency == "USD" else 1 / Fraction("0.9137")
        assert amount.reported == converted(amount.value, rate)
    assert rows(settings, UNCONVERTED) == []
    assert rows(settings, "SELECT currency_code, rate_date, per_base FROM ops.fx_rates ORDER BY ALL") == [
        ("EUR", AS_OF - timedelta(days=10), Decimal("0.9137")),
        ("USD", None, Decimal(1)),
    ]
    # An opportunity may have been in euros once and not be any more: its history has to be computed anew as well.
    number = int(line.split(" opportunities, ")[1].split(" computed")[0])
    assert len(foreign) <= number < OPPORTUNITIES


def test_another_night_at_the_same_rates_computes_nothing(
    settings: Settings, capfd: pytest.CaptureFixture[str]
) -> None:
    before = amounts(settings)
    give_rates(settings, f"{AS_OF},EUR,0.91370", f"{AS_OF},GBP,0.77")
    line = transform_line(lambda: run_nightly(settings, as_of=AS_OF), capfd)
    assert ", 0 computed" in line
    assert amounts(settings) == before


def test_another_reporting_currency_crosses_the_base_of_the_banks_file(settings: Settings, tmp_path: Path) -> None:
    bank = tmp_path / "eurofxref-hist.csv"
    bank.write_text(f"Date,USD,JPY,GBP,\n{AS_OF},1.0812,161.25,0.8412,\n")
    run_nightly(settings.model_copy(update={"currency": "GBP", "fx": bank}), as_of=AS_OF)
    rates = {"USD": Fraction("0.8412") / Fraction("1.0812"), "EUR": Fraction("0.8412")}
    for amount in amounts(settings):
        assert amount.reported == converted(amount.value, rates[amount.currency])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("date,currency,per_usd\n2026-10-30,EUR,0.92\n2026-10-31,EUR,0\n", "line 3: the rate '0' of EUR is zero"),
        ("Date,USD,\n2026-10-30,-1.07,\n", "line 2: the rate '-1.07' of USD is negative"),
        ("currency;rate\nEUR;0.92\n", "line 1: its header is neither"),
    ],
)
def test_a_bad_file_is_refused_and_recorded_before_anything_is_extracted(
    make_sandbox: Callable[..., Sandbox], tmp_path: Path, text: str, reason: str
) -> None:
    sandbox = make_sandbox(5)
    cosell = Cosell(tmp_path, sandbox.endpoint_url)
    (tmp_path / "rates.csv").write_text(text)
    result = cosell("nightly", "--catalog", "Sandbox", "--fx", "rates.csv")
    assert result.returncode == 2
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"cosell: {tmp_path / 'rates.csv'}, {reason}")
    assert sandbox.calls.total() == 0
    with duckdb.connect(tmp_path / "data" / "landing.duckdb", read_only=True) as landing:
        assert landing.execute("SELECT status, error FROM ops.runs").fetchall() == [("failed", line[8:])]
    assert not (tmp_path / "data" / ".work").exists()


def test_a_file_named_in_the_environment_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "rates.csv").write_text(f"date,currency,per_usd\n{AS_OF},EUR,0.5\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COSELL_FX", "rates.csv")
    assert reporting_currency(load_settings(), AS_OF).quotes == (Quote(AS_OF, "EUR", Decimal("0.5")),)


def test_the_demo_keeps_rates_up_to_today_and_leaves_its_users_alone(tmp_path: Path) -> None:
    path, work_path, today = tmp_path / "fx_rates.csv", tmp_path / "work", NOW.astimezone(UTC)
    work_path.mkdir()
    keep_demo_rates(tmp_path, work_path, today)
    first = path.read_text()
    assert first.splitlines()[-1].startswith(f"{last_working_day(today.date())},JPY,")
    assert first.splitlines()[1] < f"{STARTED_AT.date()}"
    keep_demo_rates(tmp_path, work_path, today + timedelta(days=7))
    assert path.read_text().startswith(first)
    assert len(path.read_text().splitlines()) == len(first.splitlines()) + 5 * 3
    for own in ("", "date,currency,per_usd\n", "date,currency,per_usd\n2026-10-30,EUR,0.5\n"):
        path.write_text(own)
        keep_demo_rates(tmp_path, work_path, today)
        assert path.read_text() == own
    path.rename(tmp_path / "eurofxref-hist.csv")
    keep_demo_rates(tmp_path, work_path, today)
    assert not path.exists()


def last_working_day(day: date) -> date:
    return day - timedelta(days=max(0, day.weekday() - 4))
