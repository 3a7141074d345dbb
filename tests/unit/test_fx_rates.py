"""Rates files as their users write them, good and bad, from disk to the rates of a day."""

import os
import zipfile
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from pipelines.errors import ConfigurationError
from pipelines.fx_rates import LARGEST_BYTES, find_in, reporting_currency
from pipelines.settings import Settings, load_settings
from transforms.currency import Quote

AS_OF = date(2026, 3, 31)
LISTED = """\
date,currency,per_usd
2026-03-20,EUR,0.93
2026-03-31,EUR,0.9200
2026-04-01,EUR,0.91
2026-03-21,GBP,0.80
2026-03-20,JPY,150.5
2026-03-31,USD,1
"""
BANK = """\
Date,USD,JPY,CYP,TRL,
2026-04-01,1.0900,164.00,N/A,N/A,
2026-03-31,1.0800,N/A,N/A,N/A,
2026-03-30,1.0700,163.50,N/A,N/A,
2003-01-02,1.0446,124.40,0.57316,1734000,
"""


@pytest.fixture
def rates_of(tmp_path: Path) -> Callable[..., dict[str, Fraction]]:
    """The rates that a file with this text gives for a reporting currency."""

    def read(text: str | bytes, currency: str = "USD", **changes: object) -> dict[str, Fraction]:
        path = tmp_path / "my rates.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        settings = Settings(data_dir=tmp_path, fx=path, currency=currency, **changes)
        return dict(reporting_currency(settings, AS_OF).rates)

    return read


def test_the_last_rate_that_is_not_too_old_counts_for_each_currency(rates_of: Callable[..., object]) -> None:
    # EUR has a rate on the day itself, and a later one, not known yet. GBP's is exactly ten days old, JPY's eleven.
    assert rates_of(LISTED) == {"EUR": 1 / Fraction("0.92"), "GBP": 1 / Fraction("0.80")}
    assert rates_of(LISTED, fx_max_age_days=9) == {"EUR": 1 / Fraction("0.92")}
    assert rates_of(LISTED, fx_max_age_days=11).keys() == {"EUR", "GBP", "JPY"}
    # From USD 1.00 = GBP 0.80 and USD 1.00 = EUR 0.92: one EUR is 0.80 / 0.92 GBP.
    assert rates_of(LISTED, "GBP") == {"EUR": Fraction(80, 92), "USD": Fraction(80, 100)}
    assert rates_of(LISTED, "JPY") == {}


def test_the_banks_file_has_rates_per_euro_and_gaps(rates_of: Callable[..., object]) -> None:
    # JPY has none on the day itself, so the day before counts; the two former currencies have had none for years.
    assert rates_of(BANK) == {"EUR": Fraction("1.08"), "JPY": Fraction("1.08") / Fraction("163.50")}
    assert rates_of(BANK, "EUR") == {"USD": 1 / Fraction("1.08"), "JPY": 1 / Fraction("163.50")}


@pytest.mark.parametrize("name", ["rates.zip", "rates.csv"])
def test_the_banks_file_may_be_zipped_whatever_it_is_called(tmp_path: Path, name: str) -> None:
    with zipfile.ZipFile(tmp_path / name, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("eurofxref-hist.csv", BANK)
    found = reporting_currency(Settings(data_dir=tmp_path, fx=tmp_path / name), AS_OF)
    assert found.quotes == (
        Quote(date(2026, 3, 30), "JPY", Decimal("163.50")),
        Quote(date(2026, 3, 31), "USD", Decimal("1.0800")),
    )


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_a_mark_at_the_beginning_blank_lines_and_spaces_do_no_harm(
    rates_of: Callable[..., object], ending: str
) -> None:
    text = ending.join(["\ufeffdate,currency,per_usd", "", "2026-03-31 , EUR, 0.5", ""])
    assert rates_of(text) == {"EUR": 2}


def test_without_a_file_there_are_no_rates(tmp_path: Path) -> None:
    found = reporting_currency(Settings(data_dir=tmp_path, currency="CHF"), AS_OF)
    assert (found.code, found.base, found.quotes, found.rates) == ("CHF", None, (), {})


@pytest.mark.parametrize("name", ["fx_rates.csv", "eurofxref-hist.csv", "eurofxref-hist.zip"])
def test_a_file_in_the_data_directory_is_found(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(LISTED)
    assert find_in(tmp_path) == tmp_path / name
    assert reporting_currency(Settings(data_dir=tmp_path), AS_OF).rates["EUR"] == 1 / Fraction("0.92")


def test_a_named_file_goes_before_those_of_the_data_directory(tmp_path: Path, rates_of: Callable[..., object]) -> None:
    (tmp_path / "fx_rates.csv").write_text("date,currency,per_usd\n2026-03-31,EUR,4\n")
    assert rates_of("date,currency,per_usd\n2026-03-31,EUR,2\n") == {"EUR": Fraction(1, 2)}


def test_two_files_in_the_data_directory_are_one_too_many(tmp_path: Path) -> None:
    for name in ("fx_rates.csv", "eurofxref-hist.zip"):
        (tmp_path / name).write_text(LISTED)
    with pytest.raises(
        ConfigurationError, match=r"fx_rates\.csv and eurofxref-hist\.zip: keep one, or name one with --fx"
    ):
        reporting_currency(Settings(data_dir=tmp_path), AS_OF)


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("when,currency,per_usd\n", 1, "its header is neither"),
        ("Date,currency,per_usd\n", 1, "'currency' is no currency of ISO 4217"),
        ("date,currency\n", 1, "its header is neither"),
        ("date,currency,per_usd\n2026-03-31,EUR\n", 2, "2 values instead of"),
        ("date,currency,per_usd\n2026-03-31,EUR,0,92\n", 2, "4 values instead of"),
        ("date,currency,per_usd\n\n31.03.2026,EUR,0.92\n", 3, "'31.03.2026' is no date"),
        ("date,currency,per_usd\n2026-02-29,EUR,0.92\n", 2, "'2026-02-29' is no date"),
        ("date,currency,per_usd\n20260331,EUR,0.92\n", 2, "'20260331' is no date"),
        ("date,currency,per_usd\n2026-03-31,EUX,0.92\n", 2, "'EUX' is no currency of ISO 4217"),
        ("date,currency,per_usd\n2026-03-31,eur,0.92\n", 2, "'eur' is no currency of ISO 4217"),
        ("date,currency,per_usd\n2026-03-31,,0.92\n", 2, "'' is no currency of ISO 4217"),
        ("date,currency,per_usd\n2026-03-31,EUR,\n", 2, "the rate '' of EUR is no number"),
        ("date,currency,per_usd\n2026-03-31,EUR,N/A\n", 2, "the rate 'N/A' of EUR is no number"),
        ("date,currency,per_usd\n2026-03-31,EUR,9e-1\n", 2, "the rate '9e-1' of EUR is no number"),
        ("date,currency,per_usd\n2026-03-31,EUR,NaN\n", 2, "the rate 'NaN' of EUR is no number"),
        ("date,currency,per_usd\n2026-03-31,EUR,\u0661\n", 2, "of EUR is no number"),
        ('date,currency,per_usd\n2026-03-31,JPY,"1,000"\n', 2, "the rate '1,000' of JPY is no number"),
        ("date,currency,per_usd\n2026-03-31,JPY,1234567890\n", 2, "of JPY has too many digits (17 at most, 9"),
        ("date,currency,per_usd\n2026-03-31,EUR,0.123456789012345678\n", 2, "of EUR has too many digits"),
        ("date,currency,per_usd\n2026-03-31,EUR,0.0000000000000000001\n", 2, "of EUR has too many digits"),
        ("date,currency,per_usd\n2026-03-31,EUR,0.00\n", 2, "the rate '0.00' of EUR is zero"),
        ("date,currency,per_usd\n2026-03-31,EUR,-0.92\n", 2, "the rate '-0.92' of EUR is negative"),
        ("date,currency,per_usd\n2026-03-31,USD,1.01\n", 2, "one USD is 1 USD"),
        (
            "date,currency,per_usd\n2026-03-30,EUR,1\n2026-03-31,EUR,1\n2026-03-30,EUR,1\n",
            4,
            "a rate of EUR for 2026-03-30",
        ),
        ('date,currency,per_usd\n2026-03-31,"EUR,0.92\n', 2, "it is no CSV"),
        ("date,currency,per_usd\n1999-01-04,XXXX,0.92\n", 2, "'XXXX' is no currency"),  # too old to matter, and yet
        ("Date,USD,XYZ,\n", 1, "'XYZ' is no currency of ISO 4217"),
        ("Date,USD,EUR,\n", 1, "one EUR is 1 EUR"),
        ("Date,USD,USD,\n", 1, "there are two columns of USD"),
        ("Date,USD,JPY,\n2026-03-31,1.08,\n", 2, "1 rates instead of 2"),
        ("Date,USD,JPY,\n2026-03-31,1.08,,160,\n", 2, "3 rates instead of 2"),
        ("Date,USD,JPY,\n2026-03-31,,160,\n", 2, "the rate '' of USD is no number"),
        ("Date,USD,JPY,\n2026-03-31,0,160,\n", 2, "the rate '0' of USD is zero"),
        ("Date,USD,\n2026-03-31,1.08,\n2026-03-31,1.08,\n", 3, "there are rates for 2026-03-31 already"),
        ("Date,USD,\n31 March 2026,1.08,\n", 2, "'31 March 2026' is no date"),
    ],
)
def test_what_is_wrong_is_told_with_file_line_and_reason(
    tmp_path: Path, rates_of: Callable[..., object], text: str, line: int, reason: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        rates_of(text)
    assert str(caught.value).startswith(f"{tmp_path / 'my rates.csv'}, line {line}: ")
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    "content",
    [
        "date,currency,per_usd\n2026-03-31,EUR,0.92\n".encode("utf-16"),
        b"PK\x05\x06" + b"\x00" * 18,  # an archive of nothing
        b"date,currency,per_usd\n" + b"\n" * LARGEST_BYTES,
    ],
    ids=["another encoding", "an empty archive", "too large"],
)
def test_what_cannot_be_a_rates_file_is_refused_whole(
    tmp_path: Path, rates_of: Callable[..., object], content: bytes
) -> None:
    with pytest.raises(ConfigurationError, match=r"my rates\.csv"):
        rates_of(content)


def test_an_archive_of_two_files_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "rates.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.csv", BANK)
        archive.writestr("b.csv", BANK)
    with pytest.raises(ConfigurationError, match="a zip archive with one such file"):
        reporting_currency(Settings(data_dir=tmp_path, fx=path), AS_OF)


def test_what_a_mac_adds_to_an_archive_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "rates.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("rates/eurofxref-hist.CSV", BANK)
        archive.writestr("__MACOSX/rates/._eurofxref-hist.CSV", b"\x00\x05")
    assert reporting_currency(Settings(data_dir=tmp_path, fx=path), AS_OF).rates["EUR"] == Fraction("1.08")


@pytest.mark.parametrize("compression", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_an_archive_that_was_damaged_on_its_way_is_refused(tmp_path: Path, compression: int) -> None:
    path = tmp_path / "rates.zip"
    with zipfile.ZipFile(path, "w", compression) as archive:
        archive.writestr("eurofxref-hist.csv", BANK * 50)
    whole = path.read_bytes()
    for start in range(30, 150, 10):
        path.write_bytes(whole[:start] + bytes(byte ^ 0xFF for byte in whole[start : start + 10]) + whole[start + 10 :])
        with pytest.raises(ConfigurationError, match=r"rates\.zip(, line| cannot be read: give)"):
            reporting_currency(Settings(data_dir=tmp_path, fx=path), AS_OF)


@pytest.mark.parametrize("path", ["none.csv", ".", "n" * 300])
def test_a_file_that_is_not_there_is_refused(tmp_path: Path, path: str) -> None:
    with pytest.raises(ConfigurationError, match=r"(is no file: name a CSV file|cannot be read: File name too long)"):
        reporting_currency(Settings(data_dir=tmp_path, fx=tmp_path / path), AS_OF)


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo, lambda path: path.symlink_to("not mounted")])
def test_what_is_in_the_way_of_a_file_is_not_passed_over(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "fx_rates.csv")
    with pytest.raises(ConfigurationError, match=r"fx_rates\.csv is no file"):
        reporting_currency(Settings(data_dir=tmp_path), AS_OF)


def test_the_home_of_nobody_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"fx: .* cannot be found \(flag --fx, COSELL_FX or cosell\.toml\)"):
        load_settings(fx=Path("~nobody-of-this-name/rates.csv"))


@pytest.mark.parametrize("text", ["", "\n\n"])
def test_an_empty_file_is_refused(rates_of: Callable[..., object], text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"my rates\.csv is empty: put exchange rates in it"):
        rates_of(text)


def test_a_reporting_currency_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="--currency USB is no currency"):
        reporting_currency(Settings(data_dir=tmp_path, currency="USB"), AS_OF)


def test_rates_as_programs_write_them_are_exact(rates_of: Callable[..., object]) -> None:
    """17 digits, as many as it takes to write any double."""
    rows = "date,currency,per_usd\n2026-03-31,EUR,0.92911827557372481\n2026-03-31,IRR,123456789.12345678\n"
    assert rates_of(rows, "EUR")["IRR"] == Fraction("0.92911827557372481") / Fraction("123456789.12345678")
