"""What botocore raises, as one line for the person at the terminal: what happened and what to do next.

The lines name operations, error codes and fields, never values: AWS's messages may quote what a record holds.
"""

from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from botocore import exceptions as boto

from pipelines.errors import AwsError, ConfigurationError, CosellError
from pipelines.partner_central.pacing import is_write


class QuotaSpentError(AwsError):
    """The day's reads, or writes, are spent; no call was made."""


class RefusedError(AwsError):
    """AWS refuses this one request for what it asks; another one may well be granted."""


class ResourceNotFoundError(RefusedError):
    """AWS knows no such resource, or does not show it to this account."""


class AccessDeniedError(RefusedError):
    """These credentials may not do that; whether to this one resource or to any is not told."""


class ConflictError(RefusedError):
    """What the request builds upon is no longer so: somebody was faster, or an answer to it got lost."""


class NoJsonError(AwsError):
    """The body of an answer is no JSON object: cut off, or not AWS's."""


class TooLargeError(AwsError):
    """An answer is larger than any of AWS's; the rest of it was not read."""


class ExpiredPageTokenError(AwsError):
    """AWS no longer takes a page token; the walk can begin anew."""


EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired"}
INVALID = {
    "IncompleteSignature",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
}
DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"}
THROTTLED = {
    "BandwidthLimitExceeded",
    "LimitExceededException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "SlowDown",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
}
LATE = {"PriorRequestNotComplete", "RequestTimeout", "RequestTimeoutException"}
PASSING_STATUSES = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS}
NOT_FOUND = {"ResourceNotFoundException"}

MISSING_CREDENTIALS = (boto.NoCredentialsError, boto.PartialCredentialsError, boto.NoAuthTokenError)
STALE_LOGIN = (
    boto.CredentialRetrievalError,
    boto.LoginError,
    boto.MetadataRetrievalError,
    boto.SSOError,
    boto.TokenRetrievalError,
)
BAD_CONFIGURATION = (
    boto.ConfigNotFound,
    boto.ConfigParseError,
    boto.InvalidConfigError,
    boto.InvalidRegionError,
    boto.InvalidRetryConfigurationError,
    boto.NoRegionError,
)


def is_passing(error: BaseException) -> bool:
    """Tell whether the same call may well work in a moment.

    So do throttles, failures of the server, connections that broke, answers that take too long or are cut off on
    their way; not what AWS refuses for a reason, not what is too large, and not credentials that cannot be had.
    """
    if isinstance(error, boto.ClientError):
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        is_cut_off = status == HTTPStatus.BAD_REQUEST and not is_word_of_aws(error)
        is_named = _code(error) in THROTTLED | LATE
        return is_named or is_cut_off or status in PASSING_STATUSES or status >= HTTPStatus.INTERNAL_SERVER_ERROR
    is_broken = isinstance(error, boto.HTTPClientError | boto.ConnectionError | NoJsonError)
    return is_broken and not isinstance(_cause(error), TooLargeError)


def is_word_of_aws(error: BaseException) -> bool:
    """Tell whether AWS itself answered: its errors have a name, a proxy's only an HTTP status."""
    return isinstance(error, boto.ClientError) and not _code(error).isdigit()


def refusal(error: boto.ClientError, operation: str, catalog: str, *, has_token: bool = False) -> CosellError:
    """Translate an error that was answered; `has_token` says whether the call sent a page token."""
    code = _code(error)
    if code in NOT_FOUND:
        return ResourceNotFoundError(f"{operation}: AWS shows no such resource in catalog {catalog}")
    if code == "ConflictException":
        return ConflictError(f"{operation}: the record has changed since it was read; run again")
    if code in DENIED:
        return AccessDeniedError(
            f"access denied: allow partnercentral:{operation} on catalog {catalog} in the IAM policy"
        )
    if code == "ValidationException":
        return _invalid_request(error.response, operation, catalog, has_token)
    if code in EXPIRED:
        line = f"AWS credentials have expired ({code}): sign in again, for example with `aws sso login`"
    elif code in INVALID:
        line = f"AWS rejects the credentials ({code}): check AWS_PROFILE, the keys and the machine's clock"
    elif code in THROTTLED:
        pace = "writes_per_second" if is_write(operation) else "reads_per_second"
        line = f"AWS throttled {operation} to the last attempt: run again later, or lower {pace}"
    elif not is_word_of_aws(error):
        line = f"{operation} got HTTP status {code} and no word of AWS: run again later, or check endpoint and proxy"
    else:
        line = f"{operation} failed ({code}): run again later; if it stays, look at AWS's service health"
    return AwsError(line)


def _code(error: boto.ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", "unknown"))


def _invalid_request(response: Any, operation: str, catalog: str, has_token: bool) -> CosellError:
    """Name the fields that AWS rejects. Catalog is the only one that a user sets."""
    entries = [entry for entry in response.get("ErrorList") or [] if isinstance(entry, dict)]
    fields = {str(entry.get("FieldName")): str(entry.get("Code")) for entry in entries}
    if any(field.lower() == "catalog" for field in fields):
        return ConfigurationError(f"AWS does not know the catalog {catalog}: use AWS or Sandbox")
    if has_token and (not fields or any(field.lower() == "nexttoken" for field in fields)):
        return ExpiredPageTokenError(f"AWS no longer takes the page token of {operation}: run again")
    named = ", ".join(f"{field} {code}" for field, code in fields.items()) or "no field named"
    if is_write(operation):
        return RefusedError(f"AWS refuses {operation} ({named})")
    return AwsError(f"AWS rejects {operation} ({named}): upgrade boto3 and this program, or report it")


def failure(error: boto.BotoCoreError | boto.HTTPClientError, endpoint_url: str) -> CosellError:
    """Translate a call that got no answer, or never left this machine."""
    name = type(error).__name__
    cause = _cause(error)
    if isinstance(cause, TooLargeError):
        return TooLargeError(
            f"{cause} from {_host(endpoint_url)}: none of AWS's is that large, check the endpoint and the proxy"
        )
    if isinstance(error, boto.ProfileNotFound):
        return AwsError(
            "the AWS profile does not exist: set AWS_PROFILE to one that `aws configure list-profiles` shows"
        )
    if isinstance(error, MISSING_CREDENTIALS):
        return AwsError("no complete AWS credentials found: run `aws configure`, or set AWS_PROFILE")
    if isinstance(error, STALE_LOGIN):
        return AwsError(
            f"AWS credentials could not be fetched ({name}): sign in again, for example with `aws sso login`"
        )
    if isinstance(error, BAD_CONFIGURATION):
        return ConfigurationError(f"the AWS configuration is wrong ({name}): check AWS_REGION and `aws configure list`")
    return AwsError(
        f"no answer from {_host(endpoint_url)} ({name}): check network, proxy and region "
        "(Partner Central answers in us-east-1)"
    )


def _cause(error: BaseException) -> object:
    """Return what botocore says it met with while it sent a request or read its answer."""
    return error.kwargs.get("error") if isinstance(error, boto.HTTPClientError) else None


def _host(url: str) -> str:
    """Return host and port of an endpoint, without the user and password that a URL may have."""
    return urlsplit(url).netloc.rpartition("@")[2]
