"""marts.attribution: the credit of every opportunity, by five models over six dimensions."""

import numpy as np
import pandas as pd

from transforms.attribution_sums import AMOUNTS, KEY, MODELS, NO_VALUE, OUTCOMES
from transforms.time_decay import HALF_LIFE_DAYS
from transforms.touches import DIMENSIONS

HALF_LIFE = pd.Timedelta(days=HALF_LIFE_DAYS)
KNOWN = {amount: f"known_{amount}" for amount in AMOUNTS}
SUMS = ["opportunities", *AMOUNTS, *KNOWN.values()]


def attribution(deals: pd.DataFrame, touches: pd.DataFrame) -> pd.DataFrame:
    """One row per model, dimension, value and outcome: the credit, and amounts split to the cent."""
    touched = _positions(_credited(deals, touches))
    is_alone = touched["positions"] == 1  # where all values have one position, the models agree
    alone, several = _summed(_equal_parts(touched[is_alone])), touched[~is_alone]
    sums = [rows.assign(model=model) for model in MODELS for rows in (alone, _summed(_parts(several, model)))]
    total = pd.concat(sums).groupby(list(KEY))[SUMS].sum()
    return total.assign(
        **{name: total[name].astype("Int64").where(total[KNOWN[name]] > 0) for name in AMOUNTS}
    ).reset_index()


def _credited(deals: pd.DataFrame, touches: pd.DataFrame) -> pd.DataFrame:
    """One row per opportunity, dimension and current value, or `(none)`, in the values' order. A group is an
    opportunity and dimension; amounts that are unknown are 0, and not among the known."""
    flags = deals[list(OUTCOMES.values())].fillna(False).astype(bool)
    amounts = deals[[f"{name}_reporting" for name in AMOUNTS]].set_axis(list(AMOUNTS), axis=1)
    outcomes = (
        deals[["opportunity_id"]]
        .assign(outcome=np.select([flags[flag] for flag in OUTCOMES.values()], list(OUTCOMES), ""))
        .join(amounts.fillna(0).astype("int64"))
        .join(amounts.notna().rename(columns=KNOWN).astype("int64"))
    )
    current = touches.loc[touches["is_current"], ["opportunity_id", "dimension", "value", "touched_at", "position"]]
    dimensions = pd.DataFrame({"dimension": pd.Series(DIMENSIONS).astype(touches["dimension"].dtype)})
    groups = outcomes[outcomes["outcome"] != ""].merge(dimensions, how="cross")
    credited = groups.assign(group=np.arange(len(groups))).merge(
        current, how="left", on=["opportunity_id", "dimension"]
    )
    return credited.assign(
        value=credited["value"].fillna(NO_VALUE), position=credited["position"].fillna(1).astype("int64")
    )


def _positions(credited: pd.DataFrame) -> pd.DataFrame:
    """`credited` with how many positions the group has, how many values share each, which of these it is, and how long
    before the last position it was."""
    groups, places = credited.groupby("group"), credited.groupby(["group", "position"])
    return credited.assign(
        positions=groups["position"].transform("max"),
        tied=places["position"].transform("size"),
        turn=places.cumcount(),
        age=groups["touched_at"].transform("max") - credited["touched_at"],
    )


def _parts(touched: pd.DataFrame, model: str) -> pd.DataFrame:
    """`touched` with what each row gets by `model` in place of what there is to split."""
    positions = touched["positions"]
    is_first, is_last = touched["position"] == 1, touched["position"] == positions
    if model in ("first_touch", "last_touch"):
        has_all = is_first if model == "first_touch" else is_last
        parts = _equal_parts(touched)
        return parts.assign(**{name: parts[name].where(has_all, 0) for name in ("opportunities", *AMOUNTS)})
    if model == "linear":
        weight = pd.Series(1, touched.index)
    elif model == "position_based":  # of 5 (n - 2) parts the first and the last get 2 (n - 2), 40 %, the others one
        weight = pd.Series(1, touched.index).mask((is_first | is_last) & (positions > 2), 2 * (positions - 2))
    else:
        weight = 0.5 ** (touched["age"] / HALF_LIFE)
    return _weighted_parts(touched, weight)


def _equal_parts(touched: pd.DataFrame) -> pd.DataFrame:
    """Each position's amounts split equally over its values; the first ones get the cents that are left over."""
    tied, turn = touched["tied"], touched["turn"]
    amounts = {name: touched[name] // tied + (turn < touched[name] % tied) for name in AMOUNTS}
    return touched.assign(opportunities=1 / tied, **amounts)


def _weighted_parts(touched: pd.DataFrame, weight: pd.Series) -> pd.DataFrame:
    """Amounts split by weight, rounded down, with the cents that are left over for the largest remainders."""
    group = touched["group"]
    share = weight.where(touched["turn"] == 0, 0).groupby(group).transform("sum") * touched["tied"]
    parts = {"opportunities": weight / share}
    for name in AMOUNTS:
        weighted = touched[name] * weight
        part = (weighted // share).astype("int64")
        left = touched[name] - part.groupby(group).transform("sum")
        remainder = weighted % share / touched["tied"]
        parts[name] = part + (remainder.groupby(group).rank("first", ascending=False) <= left)
    return touched.assign(**parts)


def _summed(parts: pd.DataFrame) -> pd.DataFrame:
    """One row per dimension, value and outcome: the sums of the parts that its opportunities give."""
    return parts.groupby(["dimension", "value", "outcome"], observed=True)[SUMS].sum().reset_index()
