"""marts.opportunities and ops.record_facts: the current state of each opportunity, and what hygiene asks of it."""

import pandas as pd

from benchmarks.pandas_marts.files import Staged
from benchmarks.pandas_marts.observations import END
from benchmarks.pandas_marts.revenue import (
    CURRENCY_OF,
    DERIVED_CURRENCY_OF,
    parse_cents,
    parse_date,
    with_derived_amounts,
    with_reporting,
)
from transforms.dates import INSTANT
from transforms.stages import LOST_STAGE, OPEN_STAGES, STAGE_RANKS, STAGES, WON_STAGE

NAMES = {
    "partner_opportunity_identifier": "partner_opportunity_id",
    "project__title": "title",
    "customer__account__company_name": "customer_name",
    "customer__account__industry": "industry",
    "customer__account__address__country_code": "country_code",
    "life_cycle__stage": "stage",
    "life_cycle__closed_lost_reason": "closed_lost_reason",
    "life_cycle__review_status": "review_status",
    "marketing__campaign_name": "campaign",
    "marketing__source": "marketing_source",
    "marketing__aws_funding_used": "aws_funding_used",
    "project__aws_partition": "aws_partition",
    "project__competitor_name": "competitor",
}
FLAGS = {"is_open": OPEN_STAGES, "is_won": (WON_STAGE,), "is_lost": (LOST_STAGE,)}
AWS_SIDE = {"life_cycle__stage": "aws_stage", "insights__engagement_score": "engagement_score"}
REVENUE = [
    "row_key",
    "contract_months",
    *CURRENCY_OF,
    *(f"{amount}_reporting" for amount in CURRENCY_OF),
    *(f"{whose}_currency_code" for whose in dict.fromkeys(CURRENCY_OF.values())),
]


def current_versions(records: pd.DataFrame) -> pd.DataFrame:
    """One row per opportunity: its last record before the as-of day's end, unless that is excluded."""
    known = records[records["last_modified_at"] < END].sort_values("last_modified_at")
    last = known.drop_duplicates("opportunity_id", keep="last")
    return last[~last["is_excluded"]]


def opportunities(current: pd.DataFrame, records: pd.DataFrame, staged: Staged, observed: pd.DataFrame) -> pd.DataFrame:
    """One row per opportunity that is not quarantined, with further columns of its version that record_facts needs."""
    deals = (
        current.merge(records[REVENUE], on="row_key")
        .pipe(with_derived_amounts)
        .pipe(with_reporting, DERIVED_CURRENCY_OF)
        .rename(columns=NAMES)
        .merge(_spend_facts(staged.spend, current), how="left", left_on="opportunity_id", right_index=True)
        .merge(_history(observed), how="left", left_on="opportunity_id", right_index=True)
        .merge(_aws_side(staged.summaries), how="left", on="opportunity_id")
        .merge(_sight(staged.visibility), how="left", left_on="opportunity_id", right_index=True)
        .sort_values("opportunity_id", ignore_index=True)
    )
    created = deals["created_date"]
    is_stage = deals["stage"].isin(STAGES)
    flags = {name: deals["stage"].isin(stages).astype("boolean").where(is_stage) for name, stages in FLAGS.items()}
    return deals.assign(
        stage_rank=deals["stage"].map(STAGE_RANKS).astype("Int32"),
        target_close_date=parse_date(deals["life_cycle__target_close_date"]),
        created_at=pd.to_datetime(
            created.where(created.str.match(INSTANT)), format="ISO8601", utc=True, errors="coerce"
        ).dt.as_unit("us"),
        is_visible=deals["is_visible"].fillna(True),
        **flags,
    )


def record_facts(deals: pd.DataFrame, touches: pd.DataFrame, observed: pd.DataFrame) -> pd.DataFrame:
    """One row per opportunity in marts.opportunities, of the frame that `opportunities` makes, with its columns."""
    solutions = touches[touches["is_current"] & (touches["dimension"] == "solution")]
    unconverted = observed[["opportunity_id", "unconverted_currencies"]].dropna()
    unconverted = unconverted.assign(currency=unconverted["unconverted_currencies"].str.split(", "))
    return deals.assign(
        has_spend=deals["has_spend"].fillna(False),
        is_national_security=deals["national_security"] == "Yes",
        has_next_steps=deals["life_cycle__next_steps"].str.strip().fillna("") != "",
        has_solution=deals["opportunity_id"].isin(solutions["opportunity_id"]),
        unconverted_currencies=deals["opportunity_id"]
        .map(_listed(unconverted.explode("currency"), "opportunity_id", "currency"))
        .astype("str"),
    )


def _history(observed: pd.DataFrame) -> pd.DataFrame:
    """One row per observed opportunity: how far it got and how often its target close date moved later."""
    reached = observed["stage_rank"].mask(observed["stage"] == LOST_STAGE, 1)
    furthest = reached.groupby(observed["opportunity_id"]).max()
    dated = observed.dropna(subset="target_close_date")
    is_pushed = (dated["target_close_date"] > dated["target_close_date"].shift()) & (
        dated["opportunity_id"] == dated["opportunity_id"].shift()
    )
    pushes = is_pushed.groupby(dated["opportunity_id"]).sum()
    stages = {rank: stage for stage, rank in STAGE_RANKS.items()}
    return pd.DataFrame(
        {
            "furthest_stage_rank": furthest,
            "furthest_stage": furthest.map(stages),
            "close_date_pushes": pushes.reindex(furthest.index, fill_value=0),
        }
    )


def _aws_side(summaries: pd.DataFrame) -> pd.DataFrame:
    """One row per opportunity that AWS has a summary of."""
    last = current_versions(summaries).rename(columns=AWS_SIDE)
    return last[["opportunity_id", *AWS_SIDE.values(), "involvement_type", "origin"]]


def _sight(visibility: pd.DataFrame) -> pd.DataFrame:
    """One row per opportunity that has ever gone out of sight: whether it was shown again since."""
    known = visibility[visibility["observed_at"] < END].sort_values("observed_at")
    return known.drop_duplicates("opportunity_id", keep="last").set_index("opportunity_id")[["is_visible"]]


def _spend_facts(spend: pd.DataFrame, current: pd.DataFrame) -> pd.DataFrame:
    """One row per opportunity whose version has spend entries: their one currency, if it is one, all that are known,
    and whether each entry of ours has an amount."""
    own = spend.merge(current[["row_key", "opportunity_id"]], left_on="parent_key", right_on="row_key")
    ours = own[own["target_company"].isin(["AWS", "Self"])]
    has_amount = parse_cents(ours["amount"]).notna()
    currency = own.groupby("opportunity_id", observed=True)["currency_code"]
    return pd.DataFrame(
        {
            "currency_code": currency.first().where(currency.nunique(dropna=False) == 1),
            "spend_currencies": _listed(own, "opportunity_id", "currency_code"),
            "has_spend": has_amount.groupby(ours["opportunity_id"], observed=True).all().astype("boolean"),
        }
    )


def _listed(rows: pd.DataFrame, key: str, column: str) -> pd.Series:
    """The different values of each key in alphabetical order, with commas between."""
    different = rows[[key, column]].dropna().drop_duplicates().sort_values([key, column])
    is_alone = ~different[key].duplicated(keep=False)
    joined = different[~is_alone].groupby(key, observed=True)[column].agg(", ".join)
    return pd.concat([different[is_alone].set_index(key)[column], joined])
