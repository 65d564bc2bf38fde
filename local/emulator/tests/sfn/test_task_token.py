"""Gap sfn.task_token."""

import json
import time

import pytest

from cloud import until

KEEPING = """
import { writeFileSync } from 'node:fs';
export const handler = async (event) => {
  if (event.fail) { const e = new Error('no'); e.name = 'CannotHandOver'; throw e; }
  writeFileSync(event.file, event.token);
};
"""


@pytest.fixture
def waiting(aws, tmp_path):
    """Starts a waiting execution; returns it with its token."""

    def start(**fields):
        file = tmp_path / "token"
        payload = {"token": "{% $states.context.Task.Token %}", "file": str(file), **fields.pop("payload", {})}
        state = {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
            "Arguments": {"FunctionName": aws.function(KEEPING), "Payload": payload},
            "End": True,
            **fields,
        }
        execution = aws.start(aws.machine({"Wait": state}, "Wait"))
        return execution, lambda: until(lambda: file.exists() and file.read_text(), "the token")

    return start


def test_success_and_failure_answer_the_task(aws, waiting):
    sfn = aws.client("stepfunctions")
    execution, token = waiting()
    sfn.send_task_success(taskToken=token(), output=json.dumps({"ok": True}))
    assert json.loads(aws.finished(execution)["output"]) == {"ok": True}
    with pytest.raises(sfn.exceptions.TaskTimedOut):
        sfn.send_task_success(taskToken=token(), output="{}")


def test_failure_fails_the_state(aws, waiting):
    execution, token = waiting()
    aws.client("stepfunctions").send_task_failure(taskToken=token(), error="NoQuorum", cause="1 of 3")
    result = aws.finished(execution)
    assert (result["error"], result["cause"]) == ("NoQuorum", "1 of 3")


def test_an_error_of_the_function_that_gets_the_token_fails_the_state(aws, waiting):
    execution, _ = waiting(payload={"fail": True}, TimeoutSeconds=15)
    assert aws.finished(execution)["error"] == "CannotHandOver"


def test_silence_is_a_heartbeat_timeout_and_heartbeats_prevent_it(aws, waiting):
    execution, token = waiting(HeartbeatSeconds=1, TimeoutSeconds=15)
    for _ in range(4):
        aws.client("stepfunctions").send_task_heartbeat(taskToken=token())
        time.sleep(0.4)
    assert aws.client("stepfunctions").describe_execution(executionArn=execution)["status"] == "RUNNING"
    assert aws.finished(execution)["error"] == "States.HeartbeatTimeout"


def test_a_stopped_execution_closes_its_token(aws, waiting):
    sfn = aws.client("stepfunctions")
    execution, token = waiting()
    value = token()
    sfn.stop_execution(executionArn=execution)

    def closed():
        try:
            sfn.send_task_heartbeat(taskToken=value)
            return False
        except sfn.exceptions.TaskTimedOut:
            return True

    until(closed, "the token is closed")


def test_a_retry_waits_for_a_token_of_its_own(aws, waiting):
    sfn = aws.client("stepfunctions")
    retry = [{"ErrorEquals": ["States.Timeout"], "IntervalSeconds": 1, "MaxAttempts": 1, "BackoffRate": 1}]
    execution, token = waiting(TimeoutSeconds=1, Retry=retry)
    first = token()
    second = until(lambda: token() != first and token(), "another token")
    with pytest.raises(sfn.exceptions.TaskTimedOut):
        sfn.send_task_success(taskToken=first, output="{}")
    sfn.send_task_success(taskToken=second, output=json.dumps({"attempt": 2}))
    assert json.loads(aws.finished(execution)["output"]) == {"attempt": 2}
