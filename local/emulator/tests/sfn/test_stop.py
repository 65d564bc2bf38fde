"""Gap sfn.stop."""

import json
import time

COUNTING = """
let calls = 0;
export const handler = async (event) => { calls += 1; if (event.fail) throw new Error('again'); return calls; };
"""
SLOW = "export const handler = () => new Promise((done) => setTimeout(done, 10000, 'late'));"


def invoke(function, **fields):
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Arguments": {"FunctionName": function, "Payload": fields.pop("payload", {})},
        "End": True,
        **fields,
    }


def test_a_machine_runs_out_of_time_and_says_so(aws):
    receive = aws.follow({"source": ["aws.states"], "detail": {"status": ["TIMED_OUT"]}})
    started = time.monotonic()
    result = aws.run({"Wait": {"Type": "Wait", "Seconds": 60, "End": True}}, "Wait", {"x": 1}, TimeoutSeconds=1)
    assert result["status"] == "TIMED_OUT"
    assert 0.9 < time.monotonic() - started < 3
    event = aws.collect(receive, len, "TIMED_OUT event")[0]
    assert json.loads(event["detail"]["input"]) == {"x": 1}


def test_a_stopped_execution_calls_nothing_any_more(aws):
    function = aws.function(COUNTING)
    receive = aws.follow({"source": ["aws.states"], "detail": {"status": ["ABORTED"]}})
    retrying = {"ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, "BackoffRate": 1, "MaxAttempts": 9}
    machine = aws.machine({"Call": invoke(function, payload={"fail": True}, Retry=[retrying])}, "Call")
    execution = aws.start(machine)
    time.sleep(0.5)
    aws.client("stepfunctions").stop_execution(executionArn=execution, error="Enough")
    aws.collect(receive, len, "ABORTED event")
    before = aws.invoke(function)[1]
    time.sleep(1.3)
    assert aws.invoke(function)[1] == before + 1
    assert aws.client("stepfunctions").describe_execution(executionArn=execution)["status"] == "ABORTED"


def test_the_timeout_of_a_task_may_be_an_expression(aws):
    state = invoke(aws.function(SLOW, timeout=20), TimeoutSeconds="{% $states.input.limit %}")
    result = aws.run({"Call": state}, "Call", {"limit": 1})
    assert (result["status"], result["error"]) == ("FAILED", "States.Timeout")


def test_states_all_does_not_catch_a_runtime_error(aws):
    states = {
        "Call": {
            "Type": "Task",
            "Resource": "arn:aws:states:::nothing:here",
            "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Caught"}],
            "End": True,
        },
        "Caught": {"Type": "Succeed"},
    }
    assert aws.run(states, "Call")["error"] == "States.Runtime"
