"""Step Functions: an execution that waits for another one (startExecution.sync:2).

AWS: starts a real execution (named, idempotent, with its own status events), fails with States.TaskFailed and the
description of the execution as cause, and stops it when the caller is stopped or times out. Errors of the start are
StepFunctions.<code>Exception.
MiniStack: runs it inline as if it were an express execution: no events, a name can be used twice, and the nested
error takes the place of States.TaskFailed.
Filled: StartExecution, then a wait for its end.
"""

import json

from ministack.services import stepfunctions as SF

from ... import executions
from ...patching import replaces

GAP = "sfn.nested"


def _start(input_data):
    status, _, body = SF._start_execution(SF._nested_start_execution_request(input_data))
    payload = json.loads(body)
    if status >= 400:
        code = payload.get("__type", "SfnException").removesuffix("Exception")
        raise SF._ExecutionError(f"StepFunctions.{code}Exception", payload.get("message", ""))
    return payload


def _describe(execution, parse):
    fields = {
        "ExecutionArn": execution["executionArn"],
        "Input": execution["input"],
        "InputDetails": {"Included": True},
        "Name": execution["name"],
        "Output": execution["output"],
        "OutputDetails": {"Included": True},
        "StartDate": SF._iso_to_epoch_ms(execution["startDate"]),
        "StateMachineArn": execution["stateMachineArn"],
        "Status": execution["status"],
        "StopDate": SF._iso_to_epoch_ms(execution["stopDate"]),
    }
    if parse:
        for field in ("Input", "Output"):
            try:
                fields[field] = json.loads(fields[field])
            except (TypeError, ValueError):
                pass
    return fields


@replaces(GAP, SF, "_invoke_nested_start_execution", ("resource", "input_data"))
def invoke_nested_start_execution(_original, resource, input_data):
    payload = _start(input_data)
    return {"ExecutionArn": payload["executionArn"], "StartDate": payload["startDate"]}


@replaces(GAP, SF, "_invoke_nested_start_execution_sync", ("resource", "input_data"))
def invoke_nested_start_execution_sync(_original, resource, input_data):
    execution = SF._executions[_start(input_data)["executionArn"]]
    executions.wait_until(lambda: execution["status"] != "RUNNING")
    if execution["status"] == "RUNNING":
        SF._stop_execution({"executionArn": execution["executionArn"], "error": "States.Aborted",
                            "cause": "The execution that waited for this one has ended."})
        executions.raise_if_stopped()
    if execution["status"] != "SUCCEEDED":
        # A failed execution has no output on AWS; MiniStack keeps its error there.
        failed = {**_describe({**execution, "output": None}, parse=False),
                  "Error": execution.get("error"), "Cause": execution.get("cause")}
        raise SF._ExecutionError("States.TaskFailed", json.dumps({k: v for k, v in failed.items() if v is not None}))
    return _describe(execution, parse=resource.endswith(".sync:2"))
