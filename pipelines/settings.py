"""Everything that can be set: flag, then `COSELL_…` variable, then `cosell.toml`, then default."""

import os
from contextlib import suppress
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from pipelines.errors import ConfigurationError
from pipelines.partner_central.limits import MAX_VANISHED_SHARE
from pipelines.partner_central.pacing import (
    AWS_READS_PER_DAY,
    AWS_WRITES_PER_DAY,
    READS_PER_SECOND,
    THREADS,
    WRITES_PER_SECOND,
)
from transforms.limits import LONGEST_CONTRACT_MONTHS, Thresholds

THRESHOLDS = Thresholds()
MOST_DAYS = 36_500
SETTINGS_FILE = Path("cosell.toml")
FIRST_DAY = date(2000, 1, 1)


class Settings(BaseSettings):
    """One run's settings. Credentials, profile, region and endpoint are not here: they are boto3's own."""

    model_config = SettingsConfigDict(env_prefix="COSELL_", toml_file=SETTINGS_FILE, frozen=True, extra="forbid")

    catalog: Literal["AWS", "Sandbox"] = "AWS"
    data_dir: Path = Path("data")
    currency: str = Field("USD", pattern="^[A-Z]{3}$", description="the reporting currency")
    as_of: str | None = Field(None, description="UTC business date, YYYY-MM-DD; today if none is given")
    fx: Path | None = Field(None, description="file of exchange rates; without it, one in the data directory")
    fx_max_age_days: int = Field(
        10, ge=0, le=MOST_DAYS, description="a rate older than this as of the business date is not used"
    )
    full: bool = Field(False, description="read every opportunity again")
    engine: Literal["polars", "spark"] = Field("polars", description="what computes the rows of each opportunity")
    spark_remote: str = Field("", description="server of Spark Connect, sc://HOST:PORT, for engine spark")
    landing: str = Field("", description="folder or bucket with a landing of dlt's, for engine spark")
    report: bool = Field(True, description="make the HTML report at the end of a published run")
    notify: str = Field("", description="shell command or webhook that hears of a night that fails")
    reads_per_second: float = Field(READS_PER_SECOND, ge=0, description="0 switches pacing off")
    reads_per_day: int = Field(AWS_READS_PER_DAY, ge=1, description="over any 24 hours")
    writes_per_second: float = Field(WRITES_PER_SECOND, ge=0, description="0 switches pacing off")
    writes_per_day: int = Field(AWS_WRITES_PER_DAY, ge=1, description="over any 24 hours")
    threads: int = Field(THREADS, ge=1, le=32, description="concurrent AWS calls")
    window_pages: int = Field(10, ge=1, description="pages of 100 opportunities that land together")
    max_excluded_share: float = Field(0.05, ge=0, le=1, description="more excluded opportunities hold publication")
    max_vanished_share: float = Field(
        MAX_VANISHED_SHARE, ge=0, le=1, description="more opportunities gone at once are not believed"
    )
    stale_after_days: int = Field(
        THRESHOLDS.stale_after_days,
        ge=1,
        le=MOST_DAYS,
        description="hygiene: days without change that make a deal stale",
    )
    duration_tolerance_months: int = Field(
        THRESHOLDS.duration_tolerance_months,
        ge=0,
        le=LONGEST_CONTRACT_MONTHS,
        description="hygiene: contract duration against software dates",
    )
    mrr_tolerance_share: Decimal = Field(
        THRESHOLDS.mrr_tolerance_share,
        ge=0,
        le=1,
        decimal_places=4,
        description="hygiene: TCV over the months against AWS MRR",
    )

    @field_validator("data_dir", "fx")
    @classmethod
    def _absolute(cls, value: Path | None) -> Path | None:
        try:
            if value and "\0" in str(value):
                raise ValueError("a path has no null characters")
            return value and value.expanduser().absolute()
        except RuntimeError as error:  # ~nobody
            raise ValueError(f"{value} cannot be found") from error

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the library calls it by this name
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Put the flags first and the file last."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)

    @property
    def thresholds(self) -> Thresholds:
        """Where a rule of hygiene begins to be broken."""
        return Thresholds(self.stale_after_days, self.duration_tolerance_months, self.mrr_tolerance_share)

    @property
    def landing_path(self) -> Path:
        """The raw layer, kept for ever."""
        return self.data_dir / "landing.duckdb"

    @property
    def warehouse_path(self) -> Path:
        """What analysts open; replaced whole by each published run."""
        return self.data_dir / "warehouse.duckdb"

    @property
    def quality_path(self) -> Path:
        """The Data Docs of Great Expectations."""
        return self.data_dir / "quality"

    @property
    def reports_path(self) -> Path:
        """The HTML report of each business date, and the latest."""
        return self.data_dir / "reports"

    @property
    def dlt_path(self) -> Path:
        """dlt's working directory; what counts is in the landing."""
        return self.work_path / "dlt"

    @property
    def progress_path(self) -> Path:
        """How far the run is that holds the lock, in one line."""
        return self.work_path / "progress"

    @property
    def work_path(self) -> Path:
        """Scratch of the run that holds the lock."""
        return self.data_dir / ".work"


def load_settings(**flags: Any) -> Settings:
    """Read the settings; a flag that is None was not given. Raises ConfigurationError naming the setting."""
    if SETTINGS_FILE.exists() and not SETTINGS_FILE.is_file():
        raise ConfigurationError(f"{SETTINGS_FILE} is no file: move it away, or put settings in its place")
    try:
        return Settings(**{name: value for name, value in flags.items() if value is not None})
    except ValidationError as error:
        first = error.errors()[0]
        name = _shown(".".join(str(part) for part in first["loc"]))
        places = [f"flag --{name.replace('_', '-')}"] if name in flags else []
        places += [f"COSELL_{name.upper()}", "cosell.toml"]
        raise ConfigurationError(f"{name}: {first['msg']} ({', '.join(places[:-1])} or {places[-1]})") from error
    except RecursionError:
        raise ConfigurationError(f"{SETTINGS_FILE} cannot be read: it is nested too deeply") from None
    except ValueError as error:  # tomllib.TOMLDecodeError
        raise ConfigurationError(f"{SETTINGS_FILE} cannot be read: {error}") from error


def read_notify(flag: str | None) -> str:
    """Read `notify` alone, whatever other settings are wrong: the night that they end is told as well.

    Nobody is told where the file itself cannot be read.
    """
    if flag is not None:
        return flag
    in_file: Any = ""
    with suppress(OSError, ValueError, RecursionError):
        in_file = TomlConfigSettingsSource(Settings)().get("notify", "")
    return os.environ.get("COSELL_NOTIFY", in_file if isinstance(in_file, str) else "")


def _shown(name: str) -> str:
    """Return a setting's name as a line can hold it: in the file it may be any text."""
    return name if name.isidentifier() and len(name) <= 60 else f"{name[:60]!r}"


def parse_as_of(text: str | None, today: date) -> date:
    """Parse the business date of a run, UTC; none given is today. Raises ConfigurationError."""
    if text is None:
        return today
    try:
        as_of = date.fromisoformat(text)
        if text != as_of.isoformat():
            raise ValueError(text)
    except ValueError as error:
        raise ConfigurationError(f"--as-of {text!r} is no date: write it as YYYY-MM-DD") from error
    if as_of < FIRST_DAY:
        raise ConfigurationError(f"--as-of {as_of} is before anything in Partner Central: give a day from {FIRST_DAY}")
    if as_of > today:
        raise ConfigurationError(f"--as-of {as_of} is in the future: today is {today} (UTC)")
    return as_of
