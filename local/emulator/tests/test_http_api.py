"""No gap: an HTTP API with IAM authorisation works in MiniStack as it is, and has to keep working."""

import json
import urllib.error
import urllib.request

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

ECHO = """
export const handler = async (event) => ({
  statusCode: 201,
  headers: { 'content-type': 'application/problem+json' },
  body: JSON.stringify({ version: event.version, key: event.routeKey, name: event.pathParameters?.name }),
});
"""


@pytest.fixture(scope="module")
def address(aws):
    api = aws.client("apigatewayv2").create_api(Name=aws.name("api"), ProtocolType="HTTP")["ApiId"]
    integration = aws.client("apigatewayv2").create_integration(
        ApiId=api, IntegrationType="AWS_PROXY", IntegrationUri=aws.function(ECHO), PayloadFormatVersion="2.0"
    )["IntegrationId"]
    aws.client("apigatewayv2").create_route(
        ApiId=api, RouteKey="GET /clusters/{name}", Target=f"integrations/{integration}", AuthorizationType="AWS_IAM"
    )
    aws.client("apigatewayv2").create_stage(ApiId=api, StageName="$default", AutoDeploy=True)
    return f"{aws.url}/_aws/execute-api/{api}/$default/clusters/demo"


def test_a_signed_call_reaches_the_function(aws, address):
    request = AWSRequest("GET", address)
    SigV4Auth(Credentials("local", "local"), "execute-api", aws.region).add_auth(request)
    signed = urllib.request.Request(address, headers=dict(request.headers))
    with urllib.request.urlopen(signed, timeout=10) as answer:
        assert answer.status == 201
        assert answer.headers["content-type"] == "application/problem+json"
        assert json.load(answer) == {"version": "2.0", "key": "GET /clusters/{name}", "name": "demo"}


def test_an_unsigned_call_is_refused(address):
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(address, timeout=10)
