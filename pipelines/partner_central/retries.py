"""One call in as many attempts as it takes: how often, how long to wait between, and when to give up."""

import threading
from collections.abc import Callable
from typing import TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception, wait_random_exponential

from pipelines.errors import AwsError
from pipelines.partner_central.aws_errors import is_passing, is_word_of_aws

ATTEMPTS = 20  # with two of five attempts failing, one call in 90 million fails for good
ATTEMPTS_UNANSWERED = 4  # as long as AWS has never answered: a wrong endpoint is told within seconds
BACKOFF_SECONDS = 0.5
LONGEST_BACKOFF_SECONDS = 30.0

Result = TypeVar("Result")


class Retries:
    """Repeats what fails in passing, for all threads of a client, after waits with full jitter.

    botocore's retries cannot do it: they draw on a quota of 500 tokens that the whole client shares. A retry takes 5,
    and only a call's last one gives them back. Where 37 % of the attempts fail, it is dry after about 1,000 calls, and
    from then on the first failure ends the night.
    """

    def __init__(self, attempts: int) -> None:
        """Make at most this many attempts of a call, and few of any until AWS has answered one."""
        self._attempts = attempts
        self._has_answer = False
        self._is_over = threading.Event()
        self._retrying = Retrying(
            retry=retry_if_exception(self._is_worth_another),
            stop=self._is_enough,
            wait=wait_random_exponential(multiplier=BACKOFF_SECONDS, max=LONGEST_BACKOFF_SECONDS),
            sleep=self.pause,
            reraise=True,
        )

    def __call__(self, attempt: Callable[[], Result]) -> Result:
        """Return what an attempt returns. Raises what the last one raised."""
        result = self._retrying(attempt)
        self._has_answer = True
        return result

    def is_repeating(self) -> bool:
        """Tell whether the attempt under way in this thread is not the first."""
        return int(self._retrying.statistics.get("attempt_number", 1)) > 1

    def pause(self, seconds: float) -> None:
        """Sleep. Raises AwsError once the waits have been ended."""
        if self._is_over.wait(seconds):
            raise AwsError("this call was given up, since another one has failed: run again")

    def end_waits(self) -> None:
        """End every wait, now and until `resume`, in whatever thread."""
        self._is_over.set()

    def resume(self) -> None:
        """Let calls wait again."""
        self._is_over.clear()

    def _is_worth_another(self, error: BaseException) -> bool:
        self._has_answer |= is_word_of_aws(error)
        return is_passing(error)

    def _is_enough(self, state: RetryCallState) -> bool:
        limit = self._attempts if self._has_answer else min(self._attempts, ATTEMPTS_UNANSWERED)
        return bool(state.attempt_number >= limit)
