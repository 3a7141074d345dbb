"""A deal finds its opportunity by either identifier, and is refused when it is not clear which one is meant."""

import re
from collections.abc import Collection, Mapping
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from published_worlds import land_records, publish_records

from pipelines.errors import ConfigurationError
from pipelines.intake.deals import Deal, Reason
from pipelines.intake.matching import ALIKE, UNNOTICED, find_matches

WANTED = {"tcv": Decimal(1), "currency": "EUR", "contract_months": 1}
PUBLISHED = {"O1": "CRM-1", "O2": "CRM-2", "O3": "CRM-3", "O4": None, "O5": "CRM-5", "O6": "CRM-5", "O7": "CRM-7"}
LANDED = {**PUBLISHED, "O3": None, "O7": "CRM-7b", "O8": " CRM-8 ", "O9": "CRM-1"}
"""Since the night, O3 has lost its identifier, O7 has got another, and O9 has got one that O1 has; O8 is in no mart."""


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse and a landing that has more and newer records."""
    directory = tmp_path_factory.mktemp("data")
    publish_records(directory / "warehouse.duckdb", PUBLISHED)
    land_records(directory / "landing.duckdb", LANDED)
    return directory


def deal(row: int, opportunity_id: str | None, partner_id: str | None, *reasons: Reason) -> Deal:
    return Deal(row, opportunity_id, partner_id, WANTED, reasons)


def matches(data_dir: Path, *deals: Deal, recent: Mapping[str, Collection[str]] | None = None) -> list[Deal]:
    paths = data_dir / "warehouse.duckdb", data_dir / "landing.duckdb"
    return find_matches(deals, *paths, recent or {}, catalog="Sandbox")


@pytest.mark.parametrize(
    ("opportunity_id", "partner_id", "found"),
    [
        ("O2", None, "O2"),
        ("O404", None, "O404"),  # AWS is asked
        ("O2", "CRM-2", "O2"),
        ("O4", "CRM-404", "O4"),  # the record has none, and gets it
        ("O5", "CRM-5", "O5"),  # the identifier tells which of the two
        (None, "CRM-2", "O2"),
        (None, "CRM-404", None),
        (None, "CRM-3", None),
        (None, "CRM-7", None),
        (None, "CRM-7b", "O7"),
        (None, "CRM-8", "O8"),
        (None, None, None),
    ],
)
def test_a_deal_finds_its_opportunity(
    data_dir: Path, opportunity_id: str | None, partner_id: str | None, found: str | None
) -> None:
    assert matches(data_dir, deal(2, opportunity_id, partner_id)) == [deal(2, found, partner_id)]


@pytest.mark.parametrize(
    ("opportunity_id", "partner_id", "reason"),
    [
        (None, "CRM-5", "belongs to 2 opportunities (O5, O6): add the opportunity_id of one"),
        (None, "CRM-1", "belongs to 2 opportunities (O1, O9): add the opportunity_id of one"),
        ("O4", "CRM-2", "is that of another opportunity (O2): correct one of the two identifiers"),
        ("O404", "CRM-5", "is that of another opportunity (O5, O6): correct one of the two identifiers"),
        (None, "crm-2", f"differs only in {UNNOTICED} from that of O2: {ALIKE}"),
        (None, "\uff23\uff32\uff2d-8", f"differs only in {UNNOTICED} from that of O8: {ALIKE}"),
        ("O4", "Crm-5", f"differs only in {UNNOTICED} from that of O5, O6: {ALIKE}"),
    ],
)
def test_a_deal_is_refused_when_its_opportunity_is_not_clear(
    data_dir: Path, opportunity_id: str | None, partner_id: str, reason: str
) -> None:
    refused = deal(2, opportunity_id, partner_id, Reason("partner_opportunity_id", reason))
    assert matches(data_dir, deal(2, opportunity_id, partner_id)) == [refused]


def test_new_identifiers_that_look_alike_are_refused_in_every_row(data_dir: Path) -> None:
    """Composed and decomposed accents are told apart by programs alone."""
    rows = [(2, "NEW-1"), (3, "new-1"), (4, "NEW-2"), (5, "Caf\u00e9"), (6, "Cafe\u0301"), (7, "CRM-2"), (8, "Crm-2")]
    found = matches(data_dir, *(deal(row, None, partner_id) for row, partner_id in rows))
    assert {refused.row: refused.reasons[0].text for refused in found if refused.reasons} == {
        row: f"differs only in {UNNOTICED} from that of {others}: {ALIKE}"
        for row, others in {2: "row 3", 3: "row 2", 5: "row 6", 6: "row 5", 8: "O2, row 7"}.items()
    }


def test_identifiers_that_look_alike_find_what_has_them(tmp_path: Path) -> None:
    """Whatever the opportunities are called by now: both are there, and nothing new comes to be."""
    publish_records(tmp_path / "warehouse.duckdb", {"O1": "CRM-1", "O2": "crm-1", "O3": "\u200b", "O4": "abc"})
    found = matches(tmp_path, deal(2, None, "CRM-1"), deal(3, None, "crm-1"), deal(4, "O4", "ABC"), deal(5, "O9", None))
    assert found == [deal(2, "O1", "CRM-1"), deal(3, "O2", "crm-1"), deal(4, "O4", "ABC"), deal(5, "O9", None)]


def test_an_identifier_that_hides_something_in_the_record_makes_no_second_opportunity(tmp_path: Path) -> None:
    publish_records(tmp_path / "warehouse.duckdb", {"O1": "CRM-\u200b1"})
    (found,) = matches(tmp_path, deal(2, None, "CRM-1"))
    assert found.reasons == (Reason("partner_opportunity_id", f"differs only in {UNNOTICED} from that of O1: {ALIKE}"),)


def test_reasons_that_a_deal_has_stay(data_dir: Path) -> None:
    bad = Reason("stage", "not one of AWS's values")
    several = Reason("partner_opportunity_id", "belongs to 2 opportunities (O5, O6): add the opportunity_id of one")
    found = matches(data_dir, deal(2, None, "CRM-2", bad), deal(3, None, "CRM-5", bad))
    assert found == [deal(2, "O2", "CRM-2", bad), deal(3, None, "CRM-5", bad, several)]


def test_what_is_recent_counts_before_what_has_landed(data_dir: Path) -> None:
    recent = {"CRM-new ": {"O10"}, "CRM-2": {"O11"}, "CRM-1b": ["O1"]}
    several = Reason("partner_opportunity_id", "belongs to 2 opportunities (O11, O2): add the opportunity_id of one")
    assert matches(
        data_dir, deal(2, None, "CRM-new"), deal(3, None, "CRM-2"), deal(4, None, "CRM-1"), recent=recent
    ) == [deal(2, "O10", "CRM-new"), deal(3, None, "CRM-2", several), deal(4, "O9", "CRM-1")]


def test_of_many_opportunities_some_are_listed(data_dir: Path) -> None:
    (found,) = matches(data_dir, deal(2, None, "n/a"), recent={"n/a": [f"O{number}" for number in range(101, 109)]})
    listed = "belongs to 8 opportunities (O101, O102, O103, O104, O105 and 3 more): add the opportunity_id of one"
    assert found.reasons == (Reason("partner_opportunity_id", listed),)


def test_two_rows_that_turn_out_to_be_about_one_opportunity_are_refused(data_dir: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"^rows 2 and 5 are about one opportunity \(O2\): keep one of them$"):
        matches(data_dir, deal(2, "O2", None), deal(3, "O4", None), deal(5, None, "CRM-2"))


def test_without_a_landing_what_is_published_counts(tmp_path: Path) -> None:
    publish_records(tmp_path / "warehouse.duckdb", PUBLISHED)
    found = matches(tmp_path, deal(2, None, "CRM-3"), deal(3, None, "CRM-8"))
    assert found == [deal(2, "O3", "CRM-3"), deal(3, None, "CRM-8")]


def test_a_landing_in_which_nothing_has_landed_does_no_harm(tmp_path: Path) -> None:
    publish_records(tmp_path / "warehouse.duckdb", PUBLISHED)
    duckdb.connect(tmp_path / "landing.duckdb").close()
    assert matches(tmp_path, deal(2, None, "CRM-3")) == [deal(2, "O3", "CRM-3")]


def test_without_a_warehouse_the_next_step_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"nothing is published at .*: run `cosell nightly` .* first"):
        matches(tmp_path, deal(2, "O1", None))


def test_a_file_of_another_program_is_refused(tmp_path: Path) -> None:
    with duckdb.connect(tmp_path / "warehouse.duckdb") as connection:
        connection.execute("CREATE TABLE mine (number INTEGER)")
    with pytest.raises(ConfigurationError, match="was published by another version of cosell, or is none of its own"):
        matches(tmp_path, deal(2, "O1", None))


@pytest.mark.parametrize("name", ["warehouse.duckdb", "landing.duckdb"])
def test_files_of_another_catalog_are_refused(tmp_path: Path, name: str) -> None:
    for file in ("warehouse.duckdb", "landing.duckdb"):
        publish_records(tmp_path / file, {}, catalog="AWS" if file == name else "Sandbox")
    line = f"{tmp_path / name} holds catalog AWS, not Sandbox: give --catalog AWS, or the --data-dir of Sandbox"
    with pytest.raises(ConfigurationError, match=f"^{re.escape(line)}$"):
        matches(tmp_path, deal(2, "O1", None))
