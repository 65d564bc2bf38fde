"""Gap functions.api_faults, with the SDK that the functions have: its retries are part of what is tested."""

import json
import pathlib

import pytest

MODULES = pathlib.Path(__file__).parents[4] / "node_modules"
COUNT = f"""
import {{ createRequire }} from "node:module";
const require = createRequire({json.dumps(str(MODULES / "x.js"))});
const {{ DynamoDBClient, UpdateItemCommand }} = require("@aws-sdk/client-dynamodb");
const {{ ElasticLoadBalancingV2Client, DescribeTargetGroupsCommand }} =
  require("@aws-sdk/client-elastic-load-balancing-v2");
const {{ S3Client, PutObjectCommand, GetObjectCommand, ListObjectsV2Command }} = require("@aws-sdk/client-s3");
const dynamodb = new DynamoDBClient({{}});
const elb = new ElasticLoadBalancingV2Client({{}});
const s3 = new S3Client({{ forcePathStyle: true }});
const calls = {{
  add: (TableName) => dynamodb.send(new UpdateItemCommand({{
    TableName, Key: {{ pk: {{ S: "a" }} }}, UpdateExpression: "ADD n :one", ExpressionAttributeValues: {{ ":one": {{ N: "1" }} }},
  }})),
  groups: () => elb.send(new DescribeTargetGroupsCommand({{}})),
  put: (Bucket) => s3.send(new PutObjectCommand({{ Bucket, Key: "k", Body: "text" }})),
  get: (Bucket) => s3.send(new GetObjectCommand({{ Bucket, Key: "k" }})),
  list: (Bucket) => s3.send(new ListObjectsV2Command({{ Bucket }})),
}};
export const handler = async ({{ steps }}) => {{
  const answers = [];
  for (const [name, argument] of steps) {{
    try {{ answers.push((await calls[name](argument)).$metadata.attempts); }}
    catch (error) {{ answers.push(`${{error.name}} ${{error.$metadata?.httpStatusCode}}`); }}
  }}
  return answers;
}};"""


@pytest.fixture
def function(aws):
    arn = aws.function(COUNT, timeout=20)
    yield arn
    aws.admin("POST", "/_redkite/api-faults", {})
    aws.admin("POST", "/_redkite/api-calls", {"record": False})


@pytest.fixture
def table(aws):
    name = aws.name("table")
    aws.client("dynamodb").create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return name


def added(aws, table):
    item = aws.client("dynamodb").get_item(TableName=table, Key={"pk": {"S": "a"}}).get("Item")
    return 0 if item is None else int(item["n"]["N"])


def arm(aws, function, **of):
    name = function.rsplit(":", 1)[-1]
    fault = {"function": name, "service": "dynamodb", "operation": "UpdateItem", "nth": 1, "depth": "attempt", **of}
    aws.admin("POST", "/_redkite/api-faults", fault)


def hits(aws):
    return aws.admin("GET", "/_redkite/api-faults")["hits"]


def test_every_call_is_recorded_by_what_it_is(aws, function, table):
    bucket = aws.name("bucket")
    aws.client("s3").create_bucket(
        Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": aws.region}
    )
    aws.admin("POST", "/_redkite/api-calls", {"record": True})
    steps = [["add", table], ["add", table], ["groups"], ["put", bucket], ["get", bucket], ["list", bucket]]
    assert aws.invoke(function, {"steps": steps}) == (None, [1, 1, 1, 1, 1, 1])
    # What is called by somebody else is no call of a function.
    added(aws, table)
    name = function.rsplit(":", 1)[-1]
    calls = aws.admin("GET", "/_redkite/api-calls")["calls"]
    assert {call["function"] for call in calls} == {name}
    assert [(call["service"], call["operation"], call["nth"]) for call in calls] == [
        ("lambda", "Invoke", 1),
        ("dynamodb", "UpdateItem", 1),
        ("dynamodb", "UpdateItem", 2),
        ("elasticloadbalancing", "DescribeTargetGroups", 1),
        ("s3", "PutObject", 1),
        ("s3", "GetObject", 1),
        ("s3", "GET?list-type", 1),
    ]


# With DynamoDB the SDK tries four times.
@pytest.mark.parametrize(
    ("kind", "depth", "answer", "effect", "attempts"),
    [
        ("fail", "attempt", 2, 1, 1),
        ("throttle", "attempt", 2, 1, 1),
        ("lose", "attempt", 2, 2, 1),
        ("twice", "attempt", 1, 2, 1),
        ("fail", "call", "InternalServerError 500", 0, 4),
        ("throttle", "call", "ThrottlingException 400", 0, 4),
        ("lose", "call", "InternalServerError 500", 4, 4),
    ],
)
def test_the_chosen_call_meets_it_and_no_other(aws, function, table, kind, depth, answer, effect, attempts):
    arm(aws, function, nth=2, kind=kind, depth=depth)
    assert aws.invoke(function, {"steps": [["add", table]] * 3}) == (None, [1, answer, 1])
    assert added(aws, table) == effect + 2
    assert hits(aws) == attempts


def test_other_protocols_hear_it_in_their_own_words(aws, function):
    bucket = aws.name("bucket")
    aws.client("s3").create_bucket(
        Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": aws.region}
    )
    for kind, of_elb, of_s3 in (
        ("fail", "InternalFailure 500", "InternalError 500"),
        ("throttle", "Throttling 400", "SlowDown 503"),
    ):
        of = {"service": "elasticloadbalancing", "operation": "DescribeTargetGroups"}
        arm(aws, function, kind=kind, depth="call", **of)
        assert aws.invoke(function, {"steps": [["groups"], ["groups"]]}) == (None, [of_elb, 1])
        arm(aws, function, kind=kind, depth="call", service="s3", operation="PutObject")
        assert aws.invoke(function, {"steps": [["put", bucket], ["put", bucket]]}) == (None, [of_s3, 1])


def test_a_function_ends_at_a_call_that_has_taken_effect(aws, function, table):
    arm(aws, function, kind="kill")
    kind, answer = aws.invoke(function, {"steps": [["add", table], ["add", table]]})
    assert (kind, answer["errorType"]) == ("Unhandled", "Runtime.ExitError")
    assert added(aws, table) == 1
    assert aws.invoke(function, {"steps": [["add", table]]}) == (None, [1])


@pytest.mark.parametrize(
    ("kind", "error", "effect"),
    [
        ("fail", "Lambda.ServiceException", 0),
        ("throttle", "Lambda.TooManyRequestsException", 0),
        ("lose", "Lambda.ServiceException", 1),
        ("kill", "Runtime.ExitError", 1),
        ("twice", None, 2),
    ],
)
def test_the_call_of_a_function_is_one_too(aws, function, table, kind, error, effect):
    arm(aws, function, kind=kind, service="lambda", operation="Invoke")
    failed, answer = aws.invoke(function, {"steps": [["add", table]]})
    assert (failed, answer["errorType"] if failed else None) == ("Unhandled" if error else None, error)
    assert added(aws, table) == effect
    assert aws.invoke(function, {"steps": [["add", table]]}) == (None, [1])
    assert hits(aws) == 1


def test_a_call_that_never_comes_is_not_hit(aws, function, table):
    arm(aws, function, nth=5, kind="fail")
    assert aws.invoke(function, {"steps": [["add", table]]}) == (None, [1])
    assert hits(aws) == 0
