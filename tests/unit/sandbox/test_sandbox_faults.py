"""Turbulence: what it deals out, and that the order of requests changes nothing about it."""

from typing import Any

import pytest

from pipelines.sandbox.faults import Turbulence

REQUESTS = [("GetOpportunity", {"Identifier": f"O{number}"}) for number in range(2000)]
CALM: dict[str, float] = dict.fromkeys(["throttled", "failed", "dropped", "cut_off", "slow"], 0)


def test_each_fault_comes_as_often_as_ordered() -> None:
    turbulence = Turbulence()
    for request in REQUESTS:
        turbulence(*request)
    shares = {kind: times / len(REQUESTS) for kind, times in turbulence.dealt.items()}
    assert shares["throttled"] == pytest.approx(0.30, abs=0.03)
    assert shares["failed at AWS"] + shares["failed at a proxy"] == pytest.approx(0.05, abs=0.015)
    assert shares["dropped before"] + shares["dropped after"] == pytest.approx(0.02, abs=0.01)
    assert shares["cut off"] == pytest.approx(0.01, abs=0.007)


def test_the_order_of_requests_changes_nothing() -> None:
    forward, backward = Turbulence(), Turbulence()
    dealt = {str(request): [forward(*request), forward(*request)] for request in REQUESTS}
    assert dealt == {str(request): [backward(*request), backward(*request)] for request in reversed(REQUESTS)}
    assert {str(request): [Turbulence(seed=8)(*request)] for request in REQUESTS} != dealt


def test_a_client_that_does_not_give_up_gets_through() -> None:
    turbulence = Turbulence()
    for operation, request in REQUESTS:
        outcomes = [turbulence(operation, request) for _ in range(12)]
        assert any(fault is None or fault.response() is None for fault in outcomes)


@pytest.mark.parametrize(("kind", "shown"), [("empty", []), ("repeated", [1, 2])])
def test_a_page_comes_once_more_under_a_token_of_its_own(kind: str, shown: list[int]) -> None:
    """The page of token `t` is empty, or there, with a token for the same page again: which then goes on to `u`."""
    odd: dict[str, Any] = CALM | {"empty": 0, "repeated": 0, "expired": 0} | {kind: 1}
    turbulence = Turbulence(**odd)
    fault = turbulence("ListSolutions", {"NextToken": "t"})
    assert fault is not None
    assert fault.change is not None
    changed = fault.change(b'{"SolutionSummaries":[1,2],"NextToken":"u"}')
    assert changed == b'{"SolutionSummaries":%s,"NextToken":"again.t"}' % str(shown).replace(" ", "").encode()
    fault = turbulence("ListSolutions", {"NextToken": "again.t"})
    assert fault is not None
    assert (fault.request, fault.change) == ({"NextToken": "t"}, None)
