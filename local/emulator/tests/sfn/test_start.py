"""Gap sfn.start."""

import time

import pytest

PASS = {"Done": {"Type": "Pass", "End": True}}
WAIT = {"Wait": {"Type": "Wait", "Seconds": 30, "End": True}}


def test_an_execution_has_no_fixed_delay(aws):
    machine = aws.machine(PASS, "Done")
    best = min(_duration(aws, machine) for _ in range(5))
    assert best < 0.1


def _duration(aws, machine):
    started = time.perf_counter()
    aws.finished(aws.start(machine))
    return time.perf_counter() - started


def test_the_same_start_twice_is_one_execution(aws):
    machine = aws.machine(WAIT, "Wait")
    first = aws.start(machine, {"a": 1}, name="demo-wake-7")
    assert aws.start(machine, {"a": 1}, name="demo-wake-7") == first
    sfn = aws.client("stepfunctions")
    assert len(sfn.list_executions(stateMachineArn=machine)["executions"]) == 1
    sfn.stop_execution(executionArn=first)


def test_the_name_is_refused_with_other_input_and_when_it_has_ended(aws):
    machine = aws.machine(WAIT, "Wait")
    sfn = aws.client("stepfunctions")
    first = aws.start(machine, {"a": 1}, name="demo-wake-8")
    with pytest.raises(sfn.exceptions.ExecutionAlreadyExists):
        aws.start(machine, {"a": 2}, name="demo-wake-8")
    sfn.stop_execution(executionArn=first)
    with pytest.raises(sfn.exceptions.ExecutionAlreadyExists):
        aws.start(machine, {"a": 1}, name="demo-wake-8")
