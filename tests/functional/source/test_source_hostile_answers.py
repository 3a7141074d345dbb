"""Answers that AWS never gives: each ends as one safe line, and none is followed, waited for, or believed."""

import gc
from collections.abc import Iterator

import boto3
import pytest
from botocore.config import Config
from hostile_answers import (
    OPERATIONS,
    REDIRECTS,
    REFUSED,
    UNUSUAL,
    Server,
    answer,
    assert_is_one_safe_line,
    serving,
    url_of,
)
from partner_world import UNPACED

from pipelines.errors import AwsError
from pipelines.partner_central.client import PartnerCentral
from pipelines.partner_central.service_model import SERVICE

IMPATIENT = Config(connect_timeout=5, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 1})
pytestmark = pytest.mark.timeout(60)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving(b"") as server:
        yield server


@pytest.fixture(scope="module")
def client(server: Server) -> PartnerCentral:
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    made = boto3.client(SERVICE, endpoint_url=url_of(server), region_name="us-east-1", config=IMPATIENT, **keys)
    return PartnerCentral("Sandbox", quota=UNPACED, client=made, attempts=1)


def assert_every_operation_refuses(client: PartnerCentral, server: Server) -> None:
    before = server.requests
    for operation, parameters in OPERATIONS.items():
        with pytest.raises(AwsError) as caught:
            client.call(operation, **parameters)
        assert_is_one_safe_line(caught.value)
    assert server.requests == before + len(OPERATIONS)


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_answer_is_one_line(client: PartnerCentral, server: Server, name: str) -> None:
    server.answer = REFUSED[name]
    assert_every_operation_refuses(client, server)


@pytest.mark.filterwarnings("ignore:unclosed <socket")  # urllib3 gives up on a 303 and leaves it to the collector
@pytest.mark.parametrize("status", REDIRECTS)
def test_no_redirect_is_followed(client: PartnerCentral, server: Server, status: str) -> None:
    with serving(answer()) as elsewhere:
        server.answer = answer(b"", status, f"Location: {url_of(elsewhere)}/", "x-amz-bucket-region: eu-west-1")
        assert_every_operation_refuses(client, server)
        assert elsewhere.requests == 0
    gc.collect()


@pytest.mark.parametrize("name", UNUSUAL)
def test_what_is_only_unusual_is_an_answer(client: PartnerCentral, server: Server, name: str) -> None:
    server.answer = UNUSUAL[name]
    assert client.call("GetOpportunity", Identifier="O1").body


def test_there_are_enough_of_them() -> None:
    assert len(REFUSED) + len(REDIRECTS) + len(UNUSUAL) >= 70
