"""What botocore raises, as one line for the person at the terminal: what happened and what to do next.

The lines name operations, error codes and fields, never values: AWS's messages may quote what a record holds.
"""

from typing import Any
from urllib.parse import urlsplit

from botocore import exceptions as boto

from pipelines.errors import AwsError, ConfigurationError, CosellError


class QuotaSpentError(AwsError):
    """The day's reads are spent; no call was made."""


class ResourceNotFoundError(AwsError):
    """AWS knows no such resource, or does not show it to this account."""


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
THROTTLED = {"Throttling", "ThrottlingException", "TooManyRequestsException", "RequestLimitExceeded"}
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


def refusal(error: boto.ClientError, operation: str, catalog: str) -> CosellError:
    """Translate an error that AWS answered with."""
    code = str(error.response.get("Error", {}).get("Code", "unknown"))
    if code in NOT_FOUND:
        return ResourceNotFoundError(f"{operation}: AWS shows no such resource in catalog {catalog}")
    if code == "ValidationException":
        return _invalid_request(error.response, operation, catalog)
    if code in EXPIRED:
        line = f"AWS credentials have expired ({code}): sign in again, for example with `aws sso login`"
    elif code in INVALID:
        line = f"AWS rejects the credentials ({code}): check AWS_PROFILE, the keys and the machine's clock"
    elif code in DENIED:
        line = f"access denied: allow partnercentral:{operation} on catalog {catalog} in the IAM policy"
    elif code in THROTTLED:
        line = f"AWS throttled {operation} to the last attempt: run again later, or lower reads_per_second"
    else:
        line = f"{operation} failed ({code}): run again later; if it stays, look at AWS's service health"
    return AwsError(line)


def _invalid_request(response: Any, operation: str, catalog: str) -> CosellError:
    """Name the fields that AWS rejects. Catalog is the only one that a user sets."""
    entries = [entry for entry in response.get("ErrorList") or [] if isinstance(entry, dict)]
    fields = {str(entry.get("FieldName")): str(entry.get("Code")) for entry in entries}
    if any(field.lower() == "catalog" for field in fields):
        return ConfigurationError(f"AWS does not know the catalog {catalog}: use AWS or Sandbox")
    named = ", ".join(f"{field} {code}" for field, code in fields.items()) or "no field named"
    return AwsError(f"AWS rejects {operation} ({named}): upgrade boto3 and this program, or report it")


def failure(error: boto.BotoCoreError | boto.HTTPClientError, endpoint_url: str) -> CosellError:
    """Translate a call that got no answer, or never left this machine."""
    name = type(error).__name__
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
        f"no answer from {urlsplit(endpoint_url).netloc} ({name}): check network, proxy and region "
        "(Partner Central answers in us-east-1)"
    )
