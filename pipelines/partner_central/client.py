"""Partner Central through boto3: one client for a whole run, which paces, counts and retries."""

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, TypeVar

import boto3
import orjson
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from pipelines.errors import AwsError, ConfigurationError
from pipelines.partner_central.aws_errors import QuotaSpentError, ResourceNotFoundError, failure, refusal
from pipelines.partner_central.pacing import AWS_READS_PER_DAY, READS_PER_SECOND, THREADS, Pacer
from pipelines.partner_central.service_model import SERVICE

CATALOGS = ("AWS", "Sandbox")
DEFAULT_REGION = "us-east-1"  # the only region that serves Partner Central
MAX_ATTEMPTS = 8
CONNECT_TIMEOUT_SECONDS = 10
READ_TIMEOUT_SECONDS = 60

Rows = list[dict[str, Any]]
Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Quota:
    """What a partner account may read."""

    reads_per_second: float = READS_PER_SECOND  # 0: unpaced
    reads_per_day: int = AWS_READS_PER_DAY  # over any 24 hours
    reads_spent: int = 0  # already, in the last 24 hours


@dataclass(frozen=True, slots=True, repr=False)
class Reply:
    """One answer of AWS: the body as it came, and what it says. Never shown: it holds names of people."""

    text: str
    body: dict[str, Any]


class PartnerCentral:
    """The Partner Central Selling API of one catalog, safe to share between threads.

    Every HTTP attempt, retries included, waits for the pace, is counted in `calls` by operation, and is taken
    off the day's budget.
    """

    def __init__(
        self,
        catalog: str,
        *,
        quota: Quota | None = None,
        threads: int = THREADS,
        config: Config | None = None,
        client: Any = None,
    ) -> None:
        """Connect to nothing yet.

        Credentials, profile, region and endpoint come from boto3's own chain, timeouts and retries from
        `config`, unless a boto3 `client` is given. Raises ConfigurationError for an unknown catalog or a
        wrong AWS configuration, AwsError for a profile that does not exist.
        """
        if catalog not in CATALOGS:
            raise ConfigurationError(f"unknown catalog {catalog!r}: use AWS or Sandbox")
        quota = quota or Quota()
        self.catalog = catalog
        self.threads = threads
        self.calls: Counter[str] = Counter()
        self.retries = 0
        self._budget = quota.reads_per_day - quota.reads_spent
        self._pacer = Pacer(quota.reads_per_second)
        self._lock = threading.Lock()
        self._client = client or _boto3_client(_default_config(threads).merge(config or Config()))
        events = self._client.meta.events
        # Last, so that a call that cannot be signed for want of credentials is not counted.
        events.register_last(f"request-created.{SERVICE}", self._admit)
        events.register(f"before-parse.{SERVICE}", _keep_raw_body)

    def call(self, operation: str, **parameters: Any) -> Reply:
        """Call an operation, such as `GetOpportunity`, on the catalog.

        Raises ResourceNotFoundError, QuotaSpentError, another AwsError, or ConfigurationError.
        """
        method = getattr(self._client, xform_name(operation))
        try:
            response = method(Catalog=self.catalog, **parameters)
        except ClientError as error:
            raise refusal(error, operation, self.catalog) from None
        except BotoCoreError as error:
            raise failure(error, self._client.meta.endpoint_url) from None
        return _reply(operation, response["RawBody"])

    def find(self, operation: str, **parameters: Any) -> Reply | None:
        """Call an operation; None when AWS has no such resource, or no longer shows it."""
        try:
            return self.call(operation, **parameters)
        except ResourceNotFoundError:
            return None

    def page(self, operation: str, member: str, token: str | None, **parameters: Any) -> tuple[Rows, str | None]:
        """Return the list in `member` of one page, and the token of the next page: None at the end."""
        body = self.call(operation, **parameters, **({"NextToken": token} if token else {})).body
        rows = body.get(member) or []
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise AwsError(f"{operation} answered without a list of {member}: run again, or upgrade this program")
        return rows, body.get("NextToken") or None

    def pages(self, operation: str, member: str, **parameters: Any) -> Iterator[Rows]:
        """Yield the list in `member` of every page, empty ones too. Raises as `call` does."""
        tokens = TokenGuard(operation)
        token = None
        while True:
            rows, token = self.page(operation, member, token, **parameters)
            yield rows
            if token is None:
                return
            tokens.admit(token)

    def map(self, call: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
        """Apply `call` to every item with the client's threads, in order; the first error, or Ctrl-C, ends it."""
        executor = ThreadPoolExecutor(self.threads)
        try:
            return list(executor.map(call, items))
        finally:
            executor.shutdown(cancel_futures=True)

    def remaining(self) -> int:
        """Return how many calls the day's budget still allows."""
        with self._lock:
            return max(0, self._budget - self.calls.total())

    def quota_spent(self) -> QuotaSpentError:
        """Return the error that says the day's budget is spent."""
        return QuotaSpentError(
            f"the day's AWS reads are spent ({self.calls.total()} of them now): what has landed stays, run "
            "again when the 24 hours have moved on"
        )

    def _admit(self, request: Any, operation_name: str, **_: Any) -> None:
        """Let one HTTP attempt through: first against the budget, then at the pace."""
        with self._lock:
            if self.calls.total() >= self._budget:
                raise self.quota_spent()
            self.calls[operation_name] += 1
            self.retries += request.context["retries"]["attempt"] > 1
        self._pacer.wait()


class TokenGuard:
    """Refuses a page token that comes back, which would turn a walk into a circle."""

    def __init__(self, operation: str) -> None:
        self._operation = operation
        self._seen: set[str] = set()

    def admit(self, token: str) -> None:
        """Remember a token. Raises AwsError when it was there before."""
        if token in self._seen:
            raise AwsError(f"{self._operation} repeats a page token, so its walk would never end: run again later")
        self._seen.add(token)


def _default_config(threads: int) -> Config:
    return Config(
        retries={"mode": "standard", "total_max_attempts": MAX_ATTEMPTS},
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


def _keep_raw_body(response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_: Any) -> None:
    """Keep an answer's bytes, and spare botocore parsing them: a third of a call's CPU. Errors it parses."""
    if response_dict["status_code"] == HTTPStatus.OK:
        customized_response_dict["RawBody"] = response_dict["body"]
        response_dict["body"] = b"{}"


def _reply(operation: str, raw: bytes) -> Reply:
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError:
        body = None
    if not isinstance(body, dict):
        raise AwsError(f"{operation} answered with no JSON object: check the endpoint and the proxy")
    return Reply(raw.decode(), body)
