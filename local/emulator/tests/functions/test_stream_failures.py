"""Gap functions.stream_failures; and what else the registry's requests rely on: that the filter of a mapping filters."""

import json

from cloud import until

TABLE = {
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
    "AttributeDefinitions": [
        {"AttributeName": "pk", "AttributeType": "S"},
        {"AttributeName": "sk", "AttributeType": "S"},
    ],
    "BillingMode": "PAY_PER_REQUEST",
    "StreamSpecification": {"StreamViewType": "NEW_IMAGE"},
}
# Fails the record "bad" for the first two times it sees it; what it was sent is written down call by call. Into a file: a call
# that comes while another one is under way has a process of its own, which remembers nothing of the others.
SOURCE = """
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
const LOG = %s;
export const handler = async (event) => {
  const before = existsSync(LOG) ? readFileSync(LOG, 'utf8').split('request#bad').length - 1 : 0;
  appendFileSync(LOG, JSON.stringify(event.Records.map(({ dynamodb }) => dynamodb.Keys.sk.S)) + '\\n');
  const batchItemFailures = event.Records
    .filter(({ dynamodb }) => dynamodb.Keys.sk.S === 'request#bad' && before < 2)
    .map(({ dynamodb }) => ({ itemIdentifier: dynamodb.SequenceNumber }));
  return { batchItemFailures };
};
"""


def deploy(aws, folder, **mapping):
    log = folder / "calls.jsonl"
    function = aws.function(SOURCE % json.dumps(str(log)))
    resources = {
        "Table": {"Type": "AWS::DynamoDB::Table", "Properties": TABLE},
        "Mapping": {
            "Type": "AWS::Lambda::EventSourceMapping",
            "Properties": {
                "EventSourceArn": {"Fn::GetAtt": ["Table", "StreamArn"]},
                "FunctionName": function,
                "StartingPosition": "TRIM_HORIZON",
                **mapping,
            },
        },
    }
    stack, outputs = aws.deploy(resources, outputs={"Name": {"Ref": "Table"}})

    def write(*keys):
        for sk in keys:
            aws.client("dynamodb").put_item(TableName=outputs["Name"], Item={"pk": {"S": "demo"}, "sk": {"S": sk}})

    def calls():
        lines = log.read_text().splitlines() if log.exists() else []
        return [json.loads(line) for line in lines]

    return stack, write, calls


def seen(calls):
    return [key for call in calls() for key in call]


def test_a_record_that_failed_comes_again_with_those_behind_it(aws, tmp_path):
    stack, write, calls = deploy(aws, tmp_path, FunctionResponseTypes=["ReportBatchItemFailures"])
    write("request#a", "request#bad", "request#c")
    until(lambda: seen(calls).count("request#bad") == 3, "the third try")
    until(lambda: "request#c" in seen(calls), "the record behind it")
    assert seen(calls).count("request#a") == 1
    assert seen(calls)[-1] == "request#c"
    aws.remove(stack)


def test_a_mapping_that_does_not_say_so_is_done_after_one_try(aws, tmp_path):
    stack, write, calls = deploy(aws, tmp_path)
    write("request#bad", "request#c")
    until(lambda: "request#c" in seen(calls), "both records")
    assert seen(calls).count("request#bad") == 1
    aws.remove(stack)


def test_what_the_filter_does_not_let_through_costs_no_call(aws, tmp_path):
    pattern = {"eventName": ["INSERT", "MODIFY"], "dynamodb": {"Keys": {"sk": {"S": [{"prefix": "request#"}]}}}}
    stack, write, calls = deploy(aws, tmp_path, FilterCriteria={"Filters": [{"Pattern": json.dumps(pattern)}]})
    write("record", "task#1", "request#a", "barrier#b", "record")
    until(lambda: "request#a" in seen(calls), "the request")
    write("task#2", "request#z")
    until(lambda: "request#z" in seen(calls), "the last request")
    assert calls() == [["request#a"], ["request#z"]]
    aws.remove(stack)
