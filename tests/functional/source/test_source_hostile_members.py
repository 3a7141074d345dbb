"""Answers in AWS's form with members that are not: landed whole and passed over, or one line, never a call too many."""

import json
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from dlt.pipeline.exceptions import PipelineStepFailed
from partner_world import PARTNER_VIEW, UNPACED, Loader, PartnerWorld, at, engagement_id, root_of, stamp

from pipelines.errors import AwsError
from pipelines.partner_central.client import PartnerCentral
from pipelines.partner_central.listing import walk_opportunities
from pipelines.sandbox.wire import Fault

LISTS = {
    "ListOpportunities": "OpportunitySummaries",
    "ListEngagementResourceAssociations": "EngagementResourceAssociationSummaries",
    "ListResourceSnapshots": "ResourceSnapshotSummaries",
    "ListSolutions": "SolutionSummaries",
}
NO_LISTS = [{}, {"0": {}}, "", "x", 0, 5, False, True, [None], [1], ["x"], [[]], [{}, None]]
NO_TOKENS = [5, 0, 1.5, True, False, {}, {"a": "b"}, [], ["token"]]
NO_REVISIONS = ["3", -1, 0, 1.5, True, False, None, {}, [3], 10**9, 2**63, 10**30]
ANSWERS = [
    "{}",
    '{"Id": 5, "LastModifiedDate": 1767225600}',
    '{"LastModifiedDate": "9999-99-99T00:00:00Z", "LifeCycle": null}',
    '{"LastModifiedDate": ["2026-01-01T00:00:00Z"], "Project": [[]]}',
    '{"Id":"O1","Id":"O2",  "Project":{"Title":"a","Title":"b"}}',
    '{"Payload": 5, "CreatedAt": 5, "Insights": "x"}',
    '{"Payload": {"OpportunitySummary": []}, "CreatedAt": "2026-02-31T00:00:00Z"}',
    '{"\\u0000": "\\u0000\\u202e", "": {"": {"": ""}}}',
    '{"a": ' + "[" * 1000 + "]" * 1000 + "}",
    '{"a": "' + "x" * 1_000_000 + '"}',
    '{"a": -0.0, "b": 1E5, "c": 123456789012345678901234567890}',
]
pytestmark = pytest.mark.timeout(60)


def every_answer(world: PartnerWorld, operation: str, bodies: Iterator[bytes]) -> None:
    """Answer the calls of one operation with these bodies, one after the other, and serve all others as usual."""
    world.sandbox.fault = lambda name, _: Fault(status=200, body=next(bodies)) if name == operation else None


def page_of(operation: str, rows: Any, **members: Any) -> Iterator[bytes]:
    return iter([orjson.dumps({LISTS[operation]: rows, **members}), b"{}"])


@pytest.mark.parametrize("operation", LISTS)
def test_a_page_without_a_list_is_refused(world: PartnerWorld, operation: str) -> None:
    client = PartnerCentral("Sandbox", quota=UNPACED)
    parameters = {"EngagementIdentifier": engagement_id(1)} if operation == "ListResourceSnapshots" else {}
    for rows in NO_LISTS:
        every_answer(world, operation, page_of(operation, rows))
        with pytest.raises(AwsError, match=f"{operation} answered without a list of {LISTS[operation]}"):
            list(client.pages(operation, LISTS[operation], **parameters))


@pytest.mark.parametrize("operation", LISTS)
def test_a_page_token_that_is_no_text_is_refused(world: PartnerWorld, operation: str) -> None:
    """It would end the walk in its middle, and what the rest would have shown were taken for gone."""
    client = PartnerCentral("Sandbox", quota=UNPACED)
    parameters = {"EngagementIdentifier": engagement_id(1)} if operation == "ListResourceSnapshots" else {}
    for token in NO_TOKENS:
        every_answer(world, operation, page_of(operation, [], NextToken=token))
        with pytest.raises(AwsError, match=f"{operation} answered with a page token that is no text"):
            list(client.pages(operation, LISTS[operation], **parameters))


@pytest.mark.parametrize("operation", ["ListOpportunities", "ListEngagementResourceAssociations", "ListSolutions"])
def test_a_row_of_a_thousand_levels_is_refused(world: PartnerWorld, loader: Loader, operation: str) -> None:
    row = b'{"a": ' + b"[" * 1000 + b"]" * 1000 + b"}"
    every_answer(world, operation, iter([b'{"%b": [%b]}' % (LISTS[operation].encode(), row)]))
    with pytest.raises(PipelineStepFailed) as caught:
        loader.run()
    assert isinstance(root_of(caught.value), AwsError)
    assert operation in str(root_of(caught.value))


def test_rows_that_come_twice_or_have_no_names_of_their_own(world: PartnerWorld) -> None:
    """In one page and over pages. What AWS calls otherwise is another row, and lands as it is listed."""
    row = {"Id": "O1", "LastModifiedDate": stamp(1)}
    names = ["o1", " O1", "O1 ", "O1\u0000", "", None, 5, ["O1"], {"Id": "O1"}]
    first = [row, row, row | {"LastModifiedDate": stamp(2)}, *({"Id": name} for name in names)]
    bodies = [{"OpportunitySummaries": first, "NextToken": "a"}, {"OpportunitySummaries": [row, *first]}]
    every_answer(world, "ListOpportunities", map(orjson.dumps, bodies))
    walked = [listed for page in walk_opportunities(PartnerCentral("Sandbox", quota=UNPACED), None) for listed in page]
    assert [(one.opportunity_id, one.last_modified_date) for one in walked if one.is_fetchable] == [
        ("O1", at(1)),
        ("O1", at(2)),
    ]
    assert [one.opportunity_id for one in walked if not one.is_fetchable] == ["o1", " O1", "O1 ", "O1\u0000", ""]


def test_ten_thousand_rows_on_one_page(world: PartnerWorld) -> None:
    rows = [{"Id": f"S-{number:07d}"} for number in range(10_000)]
    every_answer(world, "ListSolutions", page_of("ListSolutions", rows))
    pages = list(PartnerCentral("Sandbox", quota=UNPACED).pages("ListSolutions", "SolutionSummaries"))
    assert [len(page) for page in pages] == [10_000]


def test_records_land_as_they_came(world: PartnerWorld, loader: Loader) -> None:
    """Of opportunities, AWS's side of them and snapshots; the walks go on to their ends."""
    world.deals(len(ANSWERS))
    for number in range(1, len(ANSWERS) + 1):
        world.engage(number)
    names = {"GetOpportunity": "Identifier", "GetAwsOpportunitySummary": "RelatedOpportunityIdentifier"}
    names["GetResourceSnapshot"] = "ResourceIdentifier"
    world.sandbox.fault = lambda operation, request: (
        Fault(status=200, body=ANSWERS[int(request[names[operation]][1:]) - 1].encode()) if operation in names else None
    )
    assert loader.run().is_complete
    expected = sorted((f"O{number}", body) for number, body in enumerate(ANSWERS, start=1))
    assert loader.rows("opportunity_versions", "opportunity_id, payload") == expected
    assert loader.rows("aws_opportunity_summaries", "opportunity_id, payload") == expected
    assert loader.rows("resource_snapshots", "resource_id, payload") == expected
    instants = dict(loader.rows("opportunity_versions", "opportunity_id, last_modified_date"))
    assert instants == {f"O{number}": at(number) for number in range(1, len(ANSWERS) + 1)}
    assert set(loader.rows("resource_snapshots", "created_at")) == {(None,)}


def test_revisions_that_count_nothing_are_passed_over(world: PartnerWorld, loader: Loader) -> None:
    """Nobody has a thousand million revisions: to ask for each would spend the reads of years."""
    world.deals(1)
    world.engage(1)
    rows = [
        {"ResourceId": "O1", "ResourceSnapshotTemplateName": PARTNER_VIEW, "Revision": revision}
        for revision in NO_REVISIONS
    ]
    page = [*rows, {}, {"ResourceId": 5, "Revision": 1}, {"ResourceId": "O2", "Revision": 1}]
    every_answer(world, "ListResourceSnapshots", iter([json.dumps({"ResourceSnapshotSummaries": page}).encode()]))
    assert loader.run().is_complete
    assert world.calls["GetResourceSnapshot"] == 0


@pytest.mark.parametrize("date", ["9999-12-31T23:59:59.999999999Z", "0001-01-01T00:00:00Z"])
def test_a_date_at_an_end_of_the_calendar_hides_no_later_change(world: PartnerWorld, loader: Loader, date: str) -> None:
    world.deals(3)
    world.deal(4, 4, LastModifiedDate=date)
    assert loader.run().is_complete
    world.edit(2, 10)
    assert loader.run().is_complete
    versions = loader.rows("opportunity_versions", "opportunity_id, last_modified_date")
    assert [opportunity_id for opportunity_id, _ in versions] == ["O1", "O2", "O2", "O3", "O4"]
    assert ("O2", at(10)) in versions
