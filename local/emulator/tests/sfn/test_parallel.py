"""Gap sfn.parallel."""

import json
import time

ANSWERING = """
export const handler = async (event) => {
  const answer = await fetch(process.env.AWS_ENDPOINT_URL, {
    method: 'POST',
    headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': 'AWSStepFunctions.SendTaskSuccess' },
    body: JSON.stringify({ taskToken: event.token, output: JSON.stringify(event.n) }),
  });
  if (!answer.ok) throw new Error(await answer.text());
};
"""


def branch(name, state):
    return {"StartAt": name, "States": {name: {"Type": "Pass", "End": True, **state}}}


def test_arguments_output_and_assign_work(aws):
    states = {
        "Both": {
            "Type": "Parallel",
            "Arguments": {"n": "{% $states.input.n * 2 %}"},
            "Branches": [
                branch("A", {"Output": "{% $states.input.n + 1 %}"}),
                branch("B", {"Output": "{% $states.input.n + 2 %}"}),
            ],
            "Assign": {"total": "{% $sum($states.result) %}"},
            "Output": {"both": "{% $states.result %}"},
            "Next": "Show",
        },
        "Show": {"Type": "Pass", "Output": {"sum": "{% $total %}", "both": "{% $states.input.both %}"}, "End": True},
    }
    result = aws.run(states, "Both", {"n": 10})
    assert json.loads(result["output"]) == {"sum": 43, "both": [21, 22]}


def test_branches_have_their_own_variables(aws):
    states = {
        "Set": {"Type": "Pass", "Assign": {"who": "outer"}, "Next": "Both"},
        "Both": {
            "Type": "Parallel",
            "Branches": [branch("A", {"Assign": {"who": "inner"}}), branch("B", {})],
            "Next": "Show",
        },
        "Show": {"Type": "Pass", "Output": "{% $who %}", "End": True},
    }
    assert json.loads(aws.run(states, "Set")["output"]) == "outer"


def test_the_first_failure_ends_the_state_at_once_and_is_caught(aws):
    states = {
        "Both": {
            "Type": "Parallel",
            "Branches": [
                {"StartAt": "Slow", "States": {"Slow": {"Type": "Wait", "Seconds": 60, "End": True}}},
                {"StartAt": "Bad", "States": {"Bad": {"Type": "Fail", "Error": "TooBad", "Cause": "really"}}},
            ],
            "Catch": [
                {"ErrorEquals": ["TooBad"], "Output": "{% $states.errorOutput.Cause %}", "Next": "Caught"},
            ],
            "End": True,
        },
        "Caught": {"Type": "Succeed"},
    }
    started = time.monotonic()
    assert json.loads(aws.run(states, "Both")["output"]) == "really"
    assert time.monotonic() - started < 2


def test_branches_do_not_take_each_others_task_tokens(aws):
    function = aws.function(ANSWERING)

    def waiting(number):
        state = {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
            "Arguments": {
                "FunctionName": function,
                "Payload": {"token": "{% $states.context.Task.Token %}", "n": number},
            },
            "TimeoutSeconds": 10,
            "End": True,
        }
        return {"StartAt": "Wait", "States": {"Wait": state}}

    states = {"All": {"Type": "Parallel", "Branches": [waiting(n) for n in range(6)], "End": True}}
    assert json.loads(aws.run(states, "All")["output"]) == list(range(6))
