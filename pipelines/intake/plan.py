"""The plan file: what intake is going to do, for a person to read and nobody to edit."""

import hashlib
import json
import os
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import chain, count
from pathlib import Path
from typing import Any, get_args
from uuid import NAMESPACE_OID, uuid5

from pipelines.errors import ConfigurationError
from pipelines.intake.deals import LISTS, Action, Change, Planned, Reason, Value
from pipelines.intake.requests import WRITTEN_COLUMNS
from pipelines.partner_central.client import CATALOGS
from pipelines.publication import sync

VERSION = 1
FORMAT = "cosell_intake_plan"  # the member that names the version, and tells our files from others
OLDEST = timedelta(hours=24)
AMOUNTS = ("tcv", "aws_mrr")


@dataclass(frozen=True, slots=True)
class Plan:
    """What is planned for each deal of a sheet, or of the hygiene findings, in one catalog."""

    catalog: str
    created_at: datetime
    source: str
    convert: bool
    rows: tuple[Planned, ...]

    @property
    def digest(self) -> str:
        """What identifies the plan: another one, or one that was edited, has another digest."""
        return _digest(_document(self))


def journal_path(plan: Path) -> Path:
    """The journal of a plan file lies beside it."""
    return plan.with_name(f"{plan.name}.journal")


def client_token(digest: str, row: int) -> str:
    """Make the ClientToken of the opportunity that a row of the plan with this digest creates: always the same one."""
    return str(uuid5(NAMESPACE_OID, f"{digest}/{row}"))


def free_place(path: Path) -> Path:
    """Return a path, or with a number in its name when there is a plan that has been performed."""
    places = chain([path], (path.with_suffix(f".{number}.json") for number in count(2)))
    return next(place for place in places if not journal_path(place).exists())


def check_place(path: Path) -> None:
    """Raise ConfigurationError when a path cannot be written, or is all but a plan of which nothing was performed."""
    if path.is_dir() or not os.access(path.parent, os.W_OK):
        raise ConfigurationError(f"{path} cannot be written: give a file in a directory of your own with --out")
    if journal_path(path).exists():
        raise ConfigurationError(f"{path} has been performed, as its journal says: give another file with --out")
    if path.exists() and not _is_plan(path):
        raise ConfigurationError(f"{path} is there already and no plan: give another file with --out")


def write_plan(path: Path, plan: Plan) -> None:
    """Write a plan for its owner alone, whole or not at all. Raises ConfigurationError as check_place does."""
    check_place(path)
    document = _document(plan)
    text = json.dumps({**document, "digest": _digest(document)}, indent=2, ensure_ascii=False)
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        scratch.unlink(missing_ok=True)
        with open(os.open(scratch, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="utf-8") as file:
            file.write(f"{text}\n")
        sync(scratch)
        os.replace(scratch, path)
        sync(path.parent)
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be written: {error.strerror}; give another file with --out") from error
    finally:
        with suppress(OSError):
            scratch.unlink(missing_ok=True)


def read_plan(path: Path, *, catalog: str, now: datetime, force: bool, is_begun: bool = False) -> Plan:
    """Read a plan. Raises ConfigurationError for one that cannot, or must not, be performed.

    `force` lets a plan through that was edited, or is old; never one for another catalog. One that `is_begun` may go on
    when it is old.
    """
    document = _read(path)
    try:
        stated = document.pop("digest")
        plan = _plan(document)
    except (KeyError, TypeError, ValueError, ArithmeticError):
        raise ConfigurationError(f"{path} is damaged: make a new plan with `cosell intake plan`") from None
    if plan.catalog != catalog:
        raise ConfigurationError(
            f"{path} is for catalog {plan.catalog}, not {catalog}: give --catalog {plan.catalog}, or make a new plan"
        )
    if stated != _digest(document) and not force:
        raise ConfigurationError(f"{path} was edited since it was made: make a new plan, or go on with --force")
    if now - plan.created_at > OLDEST and not (force or is_begun):
        hours = (now - plan.created_at) // timedelta(hours=1)
        raise ConfigurationError(f"{path} is {hours:,} hours old: make a new plan, or go on with --force")
    return plan


def _read(path: Path) -> dict[str, Any]:
    """Read the JSON of a plan of this version."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigurationError(f"{path} is not there: make a plan with `cosell intake plan`") from None
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}; give the file of a plan") from error
    except (ValueError, RecursionError):  # no UTF-8, no JSON, or nested too deeply
        raise ConfigurationError(f"{path} is no JSON: give a file that `cosell intake plan` made") from None
    version = document.get(FORMAT) if isinstance(document, dict) else None
    if not isinstance(version, int):
        raise ConfigurationError(f"{path} is no plan of cosell: give a file that `cosell intake plan` made")
    if version > VERSION:
        raise ConfigurationError(f"{path} was made by a newer cosell: upgrade this one, or make a new plan")
    return dict(document)


def _is_plan(path: Path) -> bool:
    try:
        return bool(_read(path))
    except ConfigurationError:
        return False


def _document(plan: Plan) -> dict[str, Any]:
    """The content of the file, but for the digest."""
    return {
        FORMAT: VERSION,
        "catalog": plan.catalog,
        "created_at": plan.created_at.isoformat(),
        "source": plan.source,
        "convert": plan.convert,
        "rows": [
            {
                "row": planned.row,
                "action": planned.action,
                "opportunity_id": planned.opportunity_id,
                "partner_opportunity_id": planned.partner_opportunity_id,
                "changes": [
                    {"column": change.column, "before": _written(change.before), "after": _written(change.after)}
                    for change in planned.changes
                ],
                "reasons": [{"column": reason.column, "text": reason.text} for reason in planned.reasons],
            }
            for planned in plan.rows
        ],
    }


def _digest(document: dict[str, Any]) -> str:
    text = json.dumps(document, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _written(value: Value | None) -> str | int | list[str] | None:
    """A value as JSON: an amount is plain digits in a text, which no reader turns into a float."""
    if isinstance(value, Decimal):
        return format(value, "f")
    return list(value) if isinstance(value, tuple) else value


def _plan(document: dict[str, Any]) -> Plan:
    """The plan of a document. Raises KeyError, TypeError, ValueError or ArithmeticError for what is none."""
    created_at = datetime.fromisoformat(document["created_at"])
    rows = tuple(_planned(row) for row in document["rows"])
    catalog, convert = document["catalog"], document["convert"]
    is_sound = created_at.tzinfo and created_at - OLDEST and catalog in CATALOGS and isinstance(convert, bool)
    if not is_sound or len({planned.row for planned in rows}) < len(rows):
        raise ValueError("not what write_plan writes")
    return Plan(catalog, created_at, _text(document["source"]), convert, rows)


def _planned(row: dict[str, Any]) -> Planned:
    number, action, opportunity_id = row["row"], row["action"], _optional_text(row["opportunity_id"])
    columns = {change["column"] for change in row["changes"]}
    is_about_nothing = action == "update" and opportunity_id is None
    has_bare_amount = not columns.isdisjoint(AMOUNTS) and "currency" not in columns
    if type(number) is not int or action not in get_args(Action) or is_about_nothing or has_bare_amount:
        raise ValueError("not what write_plan writes")
    return Planned(
        number,
        action,
        opportunity_id,
        _optional_text(row["partner_opportunity_id"]),
        tuple(_change(change) for change in row["changes"]),
        tuple(Reason(_optional_text(reason["column"]), _text(reason["text"])) for reason in row["reasons"]),
    )


def _change(change: dict[str, Any]) -> Change:
    column, before = change["column"], change["before"]
    if column not in WRITTEN_COLUMNS:
        raise ValueError("not a column of ours")
    after = _value(column, change["after"])
    if isinstance(after, str) and column in {*AMOUNTS, "contract_months"}:
        raise ValueError("a text in place of a number")
    return Change(column, None if before is None else _value(column, before), after)


def _value(column: str, value: Any) -> Value:
    """A value from JSON, as the type that its column has. What a record held may be no amount or number of months."""
    if column in LISTS:
        return tuple(_text(item) for item in _list(value))
    if column == "contract_months" and type(value) is int:
        return value
    if column in AMOUNTS:
        with suppress(ArithmeticError):
            return Decimal(_text(value))
    return _text(value)


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError("not a list")
    return value


def _optional_text(value: Any) -> str | None:
    return None if value is None else _text(value)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value
