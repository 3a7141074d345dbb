"""Which opportunity a deal is about, by its identifier in Partner Central or by the one of the partner's CRM."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from unicodedata import normalize

import duckdb

from pipelines.database import has_table
from pipelines.intake.deals import Deal, Reason
from pipelines.intake.published import open_landing_of, open_published_of
from pipelines.intake.sheet import check_rows_differ
from pipelines.staging import LANDING_DATASET

UNNOTICED = "capitals or in what is hardly seen"
ALIKE = "give the opportunity_id instead if they are one deal, else another identifier"
LISTED = 5  # identifiers that a reason lists

PUBLISHED_IDS = "SELECT opportunity_id, partner_opportunity_id FROM marts.opportunities"
LANDED_IDS = f"SELECT opportunity_id, payload ->> '$.PartnerOpportunityIdentifier' FROM {LANDING_DATASET}.opportunities"


def find_matches(
    deals: Sequence[Deal],
    warehouse_path: Path,
    landing_path: Path,
    recent: Mapping[str, Collection[str]],
    *,
    catalog: str,
) -> list[Deal]:
    """Give each deal the opportunity that it is about, or the reason why none can be told.

    A deal without either is of an opportunity that is not known. What landed last counts before what is published,
    and what is `recent`, opportunities by their identifier in the CRM, before both: so an opportunity that is in no
    mart is found too. Raises ConfigurationError for two rows about one opportunity, and without a published warehouse
    of the catalog; LockedError while a run writes the landing.
    """
    partner_ids = _partner_ids(warehouse_path, landing_path, catalog)
    partner_ids |= {opportunity: partner for partner, opportunities in recent.items() for opportunity in opportunities}
    known = defaultdict(list)
    for opportunity_id, partner_id in sorted(partner_ids.items()):
        known[partner_id.strip()].append(opportunity_id)
    matched = [_matched(deal, known.get(deal.partner_opportunity_id or "", [])) for deal in deals]
    check_rows_differ(matched)
    return _without_lookalikes(matched, known)


def _partner_ids(warehouse_path: Path, landing_path: Path, catalog: str) -> dict[str, str]:
    """Read the identifier in the CRM of each opportunity, "" where it has none."""
    with open_published_of(warehouse_path, catalog) as connection:
        found = _read(connection, PUBLISHED_IDS)
    if landing_path.exists():
        with open_landing_of(landing_path, catalog) as connection:
            if has_table(connection, LANDING_DATASET, "opportunities"):
                found |= _read(connection, LANDED_IDS)
    return found


def _read(connection: duckdb.DuckDBPyConnection, query: str) -> dict[str, str]:
    return {opportunity_id: partner_id or "" for opportunity_id, partner_id in connection.execute(query).fetchall()}


def _matched(deal: Deal, found: Sequence[str]) -> Deal:
    """Return the deal with what was found under its identifier in the CRM."""
    if not deal.partner_opportunity_id or not found or deal.opportunity_id in found:
        return deal
    if deal.opportunity_id is not None:
        return _refused(deal, f"is that of another opportunity ({_listed(found)}): correct one of the two identifiers")
    if len(found) > 1:
        return _refused(
            deal, f"belongs to {len(found)} opportunities ({_listed(found)}): add the opportunity_id of one"
        )
    return replace(deal, opportunity_id=found[0])


def _without_lookalikes(deals: Sequence[Deal], known: Mapping[str, Sequence[str]]) -> list[Deal]:
    """Refuse an identifier that is new to a program alone: it would make a second opportunity of one deal."""
    holders = [(partner_id, holder) for partner_id, opportunity_ids in known.items() for holder in opportunity_ids]
    holders += [(deal.partner_opportunity_id or "", f"row {deal.row}") for deal in deals]
    alike: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for partner_id, holder in holders:
        alike[_look(partner_id)].append((partner_id, holder))

    def checked(deal: Deal) -> Deal:
        own = deal.partner_opportunity_id
        if own is None or own in known:
            return deal
        others = [who for other, who in alike[_look(own)] if other != own and who != deal.opportunity_id]
        text = f"differs only in {UNNOTICED} from that of {_listed(others)}: {ALIKE}"
        return _refused(deal, text) if others else deal

    return [checked(deal) for deal in deals]


def _look(partner_id: str) -> str:
    """Return what identifiers have in common that a person takes for one."""
    folded = normalize("NFKC", normalize("NFKC", partner_id).casefold())
    return "".join(character for character in folded if character.isprintable())


def _refused(deal: Deal, text: str) -> Deal:
    return replace(deal, reasons=(*deal.reasons, Reason("partner_opportunity_id", text)))


def _listed(opportunity_ids: Sequence[str]) -> str:
    more = len(opportunity_ids) - LISTED
    return ", ".join(opportunity_ids[:LISTED]) + (f" and {more} more" if more > 0 else "")
