"""Gap sfn.nested."""

import json

from cloud import until


def nesting(aws, child, **fields):
    state = {
        "Type": "Task",
        "Resource": "arn:aws:states:::states:startExecution.sync:2",
        "Arguments": {"StateMachineArn": child, "Input": "{% $states.input %}", **fields.pop("arguments", {})},
        "End": True,
        **fields,
    }
    return aws.machine({"Nested": state}, "Nested")


def test_the_output_comes_back_parsed_and_the_child_has_its_own_events(aws):
    receive = aws.follow({"source": ["aws.states"], "detail": {"status": ["SUCCEEDED"], "name": ["child-1"]}})
    child = aws.machine({"Done": {"Type": "Succeed", "Output": {"n": "{% $states.input.n + 1 %}"}}}, "Done")
    result = aws.finished(aws.start(nesting(aws, child, arguments={"Name": "child-1"}), {"n": 1}))
    output = json.loads(result["output"])
    assert (output["Status"], output["Output"]) == ("SUCCEEDED", {"n": 2})
    aws.collect(receive, len, "event of the child")


def test_a_failure_is_task_failed_with_the_error_in_its_cause(aws):
    child = aws.machine({"Bad": {"Type": "Fail", "Error": "NoQuorum", "Cause": "1 of 3"}}, "Bad")
    result = aws.finished(aws.start(nesting(aws, child)))
    assert result["error"] == "States.TaskFailed"
    cause = json.loads(result["cause"])
    assert (cause["Error"], cause["Cause"], cause["Status"]) == ("NoQuorum", "1 of 3", "FAILED")


def test_a_name_that_was_used_is_an_error_with_a_name(aws):
    child = aws.machine({"Done": {"Type": "Succeed"}}, "Done")
    aws.finished(aws.start(child, {"other": 1}, name="taken"))
    result = aws.finished(aws.start(nesting(aws, child, arguments={"Name": "taken"})))
    assert result["error"] == "StepFunctions.ExecutionAlreadyExistsException"


def test_stopping_the_parent_stops_the_child(aws):
    sfn = aws.client("stepfunctions")
    child = aws.machine({"Wait": {"Type": "Wait", "Seconds": 60, "End": True}}, "Wait")
    parent = aws.start(nesting(aws, child))
    children = until(lambda: sfn.list_executions(stateMachineArn=child)["executions"], "the child")
    sfn.stop_execution(executionArn=parent)
    assert aws.finished(children[0]["executionArn"])["status"] == "ABORTED"


def test_a_timeout_of_the_task_stops_the_child(aws):
    sfn = aws.client("stepfunctions")
    child = aws.machine({"Wait": {"Type": "Wait", "Seconds": 60, "End": True}}, "Wait")
    result = aws.finished(aws.start(nesting(aws, child, TimeoutSeconds=1)))
    assert result["error"] == "States.Timeout"
    execution = sfn.list_executions(stateMachineArn=child)["executions"][0]["executionArn"]
    assert aws.finished(execution)["status"] == "ABORTED"
