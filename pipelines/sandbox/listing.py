"""Pages of the List operations: opaque tokens, filters, sorts."""

import base64
import hashlib
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any, Literal

import orjson

from pipelines.sandbox.instants import parse_instant
from pipelines.sandbox.store import Entry, Store, created_at, member
from pipelines.sandbox.wire import ApiError, Record, Violation, validation_error

DEFAULT_PAGE = 20
# What a page walk sees while rows change is not documented. `key`: the next page begins behind the last row
# shown. `offset`: it begins after as many rows as were shown, and so skips or repeats rows when others move.
Paging = Literal["key", "offset"]
Filter = Callable[[Record, int], bool]  # the record and its LastModifiedDate in nanoseconds
NEWEST_FIRST = {"SortBy": "LastModifiedDate", "SortOrder": "DESCENDING"}


def opportunity_page(store: Store, request: Record, paging: Paging) -> tuple[list[str], str | None]:
    """The ids on one page of ListOpportunities, and the token of the next page if there is one."""
    sort = request.get("Sort") or NEWEST_FIRST
    position = read_token(request)
    beyond = (position[0], position[1]) if isinstance(position, list) else None
    rows: Iterable[Entry] = store.order(sort["SortBy"]).walk(sort["SortOrder"] == "DESCENDING", beyond)
    for keeps in opportunity_filters(request):
        rows = _kept(store, rows, keeps)
    shown = position if isinstance(position, int) else 0
    size = request.get("MaxResults") or DEFAULT_PAGE
    page = list(islice(rows, shown, shown + size + 1))
    ids = [opportunity_id for _, opportunity_id in page[:size]]
    if len(page) <= size:
        return ids, None
    return ids, write_token(request, page[size - 1] if paging == "key" else shown + size)


def page_of(items: Iterable[Any], request: Record, default_size: int = DEFAULT_PAGE) -> tuple[list[Any], str | None]:
    """One page of items whose order does not change, and the token of the next page if there is one."""
    shown = read_token(request) or 0
    size = request.get("MaxResults") or default_size
    page = list(islice(items, shown, shown + size + 1))
    return page[:size], write_token(request, shown + size) if len(page) > size else None


def page_json(member_name: str, items: list[Any], token: str | None) -> bytes:
    """The JSON of one page; only the last page has no NextToken."""
    return orjson.dumps({member_name: items} if token is None else {member_name: items, "NextToken": token})


def opportunity_filters(request: Record) -> list[Filter]:
    """The filters of a ListOpportunities request; an empty list filters nothing.

    "After" is on or after, as AWS documents for LastModifiedDate; "before" is before: ranges are half-open.
    """
    filters: list[Filter] = []
    for name, path in _ONE_OF.items():
        if request.get(name):
            filters.append(_one_of(frozenset(request[name]), path))
    for name, (value_of, parse) in _BETWEEN.items():
        bounds = request.get(name) or {}
        after, before = bounds.get(f"After{name}"), bounds.get(f"Before{name}")
        if after is not None:
            filters.append(_at_least(value_of, parse(after)))
        if before is not None:
            filters.append(_below(value_of, parse(before)))
    return filters


_ONE_OF = {
    "Identifier": ("Id",),
    "LifeCycleStage": ("LifeCycle", "Stage"),
    "LifeCycleReviewStatus": ("LifeCycle", "ReviewStatus"),
    "CustomerCompanyName": ("Customer", "Account", "CompanyName"),
}
_BETWEEN: dict[str, tuple[Callable[[Record, int], Any], Callable[[str], Any]]] = {
    "LastModifiedDate": (lambda _, modified: modified, parse_instant),
    "CreatedDate": (lambda record, _: created_at(record), parse_instant),
    "TargetCloseDate": (lambda record, _: member(record, "LifeCycle", "TargetCloseDate"), str),
}


def _one_of(wanted: frozenset[str], path: tuple[str, ...]) -> Filter:
    return lambda record, _: member(record, *path) in wanted


def _at_least(value_of: Callable[[Record, int], Any], bound: Any) -> Filter:
    return lambda record, modified: (value := value_of(record, modified)) is not None and value >= bound


def _below(value_of: Callable[[Record, int], Any], bound: Any) -> Filter:
    return lambda record, modified: (value := value_of(record, modified)) is not None and value < bound


def _kept(store: Store, rows: Iterable[Entry], keeps: Filter) -> Iterable[Entry]:
    return (row for row in rows if keeps(store.records[row[1]], store.modified[row[1]]))


def write_token(request: Record, position: Any) -> str:
    """A token that only continues the walk it came from."""
    return base64.urlsafe_b64encode(orjson.dumps([_walk_id(request), position])).decode()


def read_token(request: Record) -> Any:
    """The position in a request's token, None without one. Raises ApiError for a foreign or damaged token."""
    token = request.get("NextToken")
    if not token:
        return None
    try:
        walk_id, position = orjson.loads(base64.b64decode(token, altchars=b"-_", validate=True))
    except (ValueError, TypeError) as error:
        raise _bad_token() from error
    if walk_id != _walk_id(request):
        raise _bad_token()
    return position


def _walk_id(request: Record) -> str:
    same_walk = {name: value for name, value in request.items() if name not in ("NextToken", "MaxResults")}
    return hashlib.blake2s(orjson.dumps(same_walk, option=orjson.OPT_SORT_KEYS), digest_size=6).hexdigest()


def _bad_token() -> ApiError:
    message = "nextToken must come unchanged from the previous page of the same request"
    return validation_error([Violation("nextToken", message, "INVALID_VALUE")])
