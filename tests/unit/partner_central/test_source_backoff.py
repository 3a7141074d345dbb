"""How long the waits between attempts are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.partner_central.aws_errors import NoJsonError
from pipelines.partner_central.retries import ATTEMPTS_UNANSWERED, Retries


class Recorded(Retries):
    """Waits for nothing, and tells how long it would have."""

    def __init__(self, attempts: int) -> None:
        self.waits: list[float] = []
        super().__init__(attempts)

    def pause(self, seconds: float) -> None:
        self.waits.append(seconds)


def fail() -> None:
    raise NoJsonError("cut off")


def waits(attempts: int, *, has_answer: bool) -> list[float]:
    """The waits of a call that fails for ever."""
    recorded = Recorded(attempts)
    if has_answer:
        recorded(lambda: None)
    with pytest.raises(NoJsonError):
        recorded(fail)
    return recorded.waits


@given(st.integers(1, 200), st.booleans())
def test_the_ceiling_doubles_from_half_a_second_to_half_a_minute(attempts: int, has_answer: bool) -> None:
    found = waits(attempts, has_answer=has_answer)
    assert len(found) == (attempts if has_answer else min(attempts, ATTEMPTS_UNANSWERED)) - 1
    for number, seconds in enumerate(found):
        assert 0 <= seconds <= min(30, 0.5 * 2**number)


def test_the_jitter_is_full() -> None:
    """A thousand first waits lie evenly between 0 and half a second, so that threads do not come back together."""
    firsts = sorted(waits(2, has_answer=True)[0] for _ in range(1000))
    assert firsts[100] == pytest.approx(0.05, abs=0.03)
    assert firsts[500] == pytest.approx(0.25, abs=0.05)
    assert firsts[900] == pytest.approx(0.45, abs=0.03)


def test_a_call_that_works_does_not_wait() -> None:
    recorded = Recorded(12)
    assert recorded(lambda: 7) == 7
    assert recorded.waits == []
