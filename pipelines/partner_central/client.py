"""Partner Central through boto3: one client for a whole run, which paces, counts and retries."""

import platform
import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import partial
from itertools import takewhile
from typing import Any, TypeVar

import boto3
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from pipelines.errors import AwsError, ConfigurationError
from pipelines.partner_central.answers import Reply, keep_raw_body, read_reply, row_text
from pipelines.partner_central.aws_errors import (
    ExpiredPageTokenError,
    QuotaSpentError,
    ResourceNotFoundError,
    failure,
    refusal,
)
from pipelines.partner_central.bounds import bound_answers
from pipelines.partner_central.exact_instants import send_instants_as_read
from pipelines.partner_central.pacing import (
    AWS_READS_PER_DAY,
    AWS_WRITES_PER_DAY,
    READS_PER_SECOND,
    THREADS,
    WRITES_PER_SECOND,
    Pacer,
    is_write,
)
from pipelines.partner_central.retries import ATTEMPTS, Retries
from pipelines.partner_central.service_model import SERVICE

CATALOGS = ("AWS", "Sandbox")
USER_AGENT = f"cosell-revenue Boto3/{boto3.__version__} Python/{platform.python_version()}"  # and botocore's version
DEFAULT_REGION = "us-east-1"  # the only region that serves Partner Central
CONNECT_TIMEOUT_SECONDS = 10
READ_TIMEOUT_SECONDS = 60
HEARING_SECONDS = 0.2  # after which Ctrl-C is heard for certain
ONE_ATTEMPT = Config(retries={"mode": "standard", "total_max_attempts": 1})  # of botocore's; see Retries
MAX_NEW_BEGINNINGS = 5  # of one walk whose page tokens expire
MAX_STALE_PAGES = 1000  # in a row, empty or of rows already seen: a walk without end, which no token tells

Rows = list[dict[str, Any]]
Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Quota:
    """What a partner account may read and write."""

    reads_per_second: float = READS_PER_SECOND  # 0: unpaced
    reads_per_day: int = AWS_READS_PER_DAY  # over any 24 hours
    reads_spent: int = 0  # already, in the last 24 hours
    writes_per_second: float = WRITES_PER_SECOND  # and the same of writes
    writes_per_day: int = AWS_WRITES_PER_DAY
    writes_spent: int = 0


class PartnerCentral:
    """The Partner Central Selling API of one catalog, safe to share between threads.

    Every HTTP attempt, retries included, waits for the pace, is counted in `calls` by operation, and is taken
    off the day's budget: reads and writes have each their own.
    """

    def __init__(
        self,
        catalog: str,
        *,
        quota: Quota | None = None,
        threads: int = THREADS,
        config: Config | None = None,
        client: Any = None,
        attempts: int = ATTEMPTS,
    ) -> None:
        """Connect to nothing yet.

        Credentials, profile, region and endpoint come from boto3's own chain, timeouts from `config`, unless a
        boto3 `client` is given. A call makes up to `attempts` HTTP attempts. Raises ConfigurationError for an
        unknown catalog or a wrong AWS configuration, AwsError for a profile that does not exist.
        """
        if catalog not in CATALOGS:
            raise ConfigurationError(f"unknown catalog {catalog!r}: use AWS or Sandbox")
        quota = quota or Quota()
        self.catalog = catalog
        self.threads = threads
        self.calls: Counter[str] = Counter()
        self.retries = 0  # the HTTP attempts among the calls that repeated one
        self._retries = Retries(attempts)
        reads, writes = quota.reads_per_day - quota.reads_spent, quota.writes_per_day - quota.writes_spent
        self._budgets = {False: reads, True: writes}  # by whether an operation writes
        paces = {False: quota.reads_per_second, True: quota.writes_per_second}
        self._pacers = {writes: Pacer(pace, self._retries.pause) for writes, pace in paces.items()}
        self._lock = threading.Lock()
        self._client = client or _boto3_client(_default_config(threads).merge(config or Config()).merge(ONE_ATTEMPT))
        bound_answers(self._client)
        send_instants_as_read(self._client)
        events = self._client.meta.events
        # Last, so that a call that cannot be signed for want of credentials is not counted.
        events.register_last(f"request-created.{SERVICE}", self._admit)
        events.register(f"before-parse.{SERVICE}", keep_raw_body)

    def call(self, operation: str, **parameters: Any) -> Reply:
        """Call an operation, such as `GetOpportunity`, on the catalog, again when it fails in passing.

        A write is repeated too: one that was done although its answer got lost comes back as a ConflictError, or is
        known by its ClientToken. Raises ResourceNotFoundError, ConflictError, another RefusedError,
        ExpiredPageTokenError, QuotaSpentError, another AwsError, or ConfigurationError.
        """
        try:
            return self._retries(partial(self._attempt, operation, parameters))
        except ClientError as error:
            raise refusal(error, operation, self.catalog, has_token="NextToken" in parameters) from None
        except BotoCoreError as error:
            raise failure(error, self._client.meta.endpoint_url) from None

    def find(self, operation: str, **parameters: Any) -> Reply | None:
        """Call an operation; None when AWS has no such resource, or no longer shows it."""
        try:
            return self.call(operation, **parameters)
        except ResourceNotFoundError:
            return None

    def page(self, operation: str, member: str, token: str | None, **parameters: Any) -> tuple[Rows, str | None]:
        """Return the list in `member` of one page, and the token of the next page: None at the end."""
        body = self.call(operation, **parameters, **({"NextToken": token} if token else {})).body
        rows, token = body.get(member), body.get("NextToken")
        rows = [] if rows is None else rows
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise AwsError(f"{operation} answered without a list of {member}: run again, or upgrade this program")
        if not isinstance(token, str | None):  # taken for the end of the list, it would hide what comes after
            raise AwsError(
                f"{operation} answered with a page token that is no text: run again, or upgrade this program"
            )
        return rows, token or None

    def pages(self, operation: str, member: str, **parameters: Any) -> Iterator[Rows]:
        """Yield the list in `member` of every page, empty ones too. Raises as `call` does.

        Begins anew when a page token has expired, so that a row may come more than once.
        """
        tokens = TokenGuard(operation)
        token = None
        seen: set[int] = set()
        while True:
            try:
                rows, token = self.page(operation, member, token, **parameters)
            except ExpiredPageTokenError:
                tokens.begin_anew()
                token = None
                continue
            yield rows
            if token is None:
                return
            fresh = {hash(row_text(operation, row)) for row in rows} - seen
            seen |= fresh
            tokens.admit(token, fresh)

    def map(self, call: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
        """Apply `call` to every item with the client's threads, and return the results in the items' order.

        The first error in time, or Ctrl-C, ends it, and with it every wait for a pace or for another attempt.
        """
        executor = ThreadPoolExecutor(self.threads)
        try:
            futures = [executor.submit(call, item) for item in items]
            pending = set(futures)
            while pending:  # not for ever in one wait: a signal that reaches another thread does not end it
                done, pending = wait(pending, HEARING_SECONDS, FIRST_EXCEPTION)
                for ended in done:
                    ended.result()
            return [future.result() for future in futures]
        except BaseException:
            self._retries.end_waits()
            raise
        finally:
            executor.shutdown(cancel_futures=True)
            self._retries.resume()

    def map_affordable(self, call: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
        """Apply `call` as `map` does; return the results up to the first item for which no reads were left."""

        def attempt(item: Item) -> tuple[Result] | None:
            try:
                return (call(item),)
            except QuotaSpentError:
                return None

        read = takewhile(lambda result: result is not None, self.map(attempt, items))
        return [result[0] for result in read if result]

    def remaining(self, *, writes: bool = False) -> int:
        """Return how many reads the day's budget still allows, or how many writes."""
        with self._lock:
            return max(0, self._budgets[writes] - self._made(writes))

    def quota_spent(self, *, writes: bool = False) -> QuotaSpentError:
        """Return the error that says the day's budget is spent."""
        kind, kept = ("writes", "what is written stays") if writes else ("reads", "what has landed stays")
        return QuotaSpentError(
            f"the day's AWS {kind} are spent ({self._made(writes)} of them now): {kept}, run "
            "again when the 24 hours have moved on"
        )

    def _made(self, writes: bool) -> int:
        return sum(count for operation, count in self.calls.items() if is_write(operation) == writes)

    def _attempt(self, operation: str, parameters: dict[str, Any]) -> Reply:
        method = getattr(self._client, xform_name(operation))
        return read_reply(operation, method(Catalog=self.catalog, **parameters)["RawBody"])

    def _admit(self, operation_name: str, **_: Any) -> None:
        """Let one HTTP attempt through: at the pace, and only while the budget lasts."""
        writes = is_write(operation_name)
        if self.remaining(writes=writes):  # else there is nothing to wait for
            self._pacers[writes].wait()
        with self._lock:
            if self._made(writes) >= self._budgets[writes]:
                raise self.quota_spent(writes=writes)
            self.calls[operation_name] += 1
            self.retries += self._retries.is_repeating()


class TokenGuard:
    """Sees to it that a walk from page to page comes to an end."""

    def __init__(self, operation: str) -> None:
        self._operation = operation
        self._seen: set[str] = set()
        self._stale_pages = 0
        self._new_beginnings = 0

    def admit(self, token: str, fresh: Collection[Any]) -> None:
        """Take in what a page has of new rows, and the next one's token. Raises AwsError where that has no end."""
        if token in self._seen:
            raise AwsError(f"{self._operation} repeats a page token, so its walk would never end: run again later")
        self._seen.add(token)
        self._stale_pages = 0 if fresh else self._stale_pages + 1
        if self._stale_pages > MAX_STALE_PAGES:
            raise AwsError(f"{self._operation} answers with pages without anything new, and no end: run again later")

    def begin_anew(self) -> None:
        """Forget the tokens: one has expired, so the walk asks for its first page. Raises AwsError once too often."""
        self._seen.clear()
        self._new_beginnings += 1
        if self._new_beginnings > MAX_NEW_BEGINNINGS:
            raise AwsError(f"the page tokens of {self._operation} expire before its walk ends: run again later")


def _default_config(threads: int) -> Config:
    return Config(
        user_agent=USER_AGENT,  # without one botocore writes its long one anew twice a call: a tenth of a call's CPU
        max_pool_connections=threads,
        connect_timeout=CONNECT_TIMEOUT_SECONDS,
        read_timeout=READ_TIMEOUT_SECONDS,
    )


def _boto3_client(config: Config) -> Any:
    """Make a client from boto3's own chain of credentials, profile, region and endpoint."""
    try:
        session = boto3.Session()
        connect: Callable[..., Any] = session.client
        return connect(SERVICE, region_name=session.region_name or DEFAULT_REGION, config=config)
    except BotoCoreError as error:
        raise failure(error, "") from None
    except ValueError:  # botocore's answer to an endpoint that is no URL
        raise ConfigurationError(
            "the AWS endpoint is no URL: check AWS_ENDPOINT_URL_PARTNERCENTRAL_SELLING and AWS_ENDPOINT_URL"
        ) from None
