"""Step Functions: the states of branches and iterations in the history.

AWS: a state inside a Parallel or Map state is entered and left in the history of its execution like any other; who bills
or profiles an execution counts them.
MiniStack: writes down the tasks of a branch, not its states.
Filled: a sub-machine runs state by state here, with both events.
"""

import copy
import json

from ministack.core.responses import now_iso
from ministack.services import stepfunctions as SF

from ...patching import expect, replaces

GAP = "sfn.history"
WITHOUT_EXECUTION = ("Pass", "Choice", "Wait")
expect(GAP, SF, "_add_event", ("execution", "event_type", "details"))
expect(GAP, SF, "_fail_state_error")
for _type in ("pass", "choice", "wait", "task", "parallel", "map"):
    expect(GAP, SF, f"_execute_{_type}")


def _run_state(name, state_def, data, execution, ctx):
    """Output and the next state's name; None at the end."""
    state_type = state_def.get("Type")
    if state_type == "Fail":
        raise SF._ExecutionError(*SF._fail_state_error(state_def, data, ctx))
    if state_type == "Succeed":
        return SF._apply_output_path(state_def, SF._apply_input_path(state_def, data, ctx), ctx), None
    execute = getattr(SF, f"_execute_{str(state_type).lower()}", None)
    if execute is None:
        raise SF._ExecutionError("States.Runtime", f"Unknown state type: {state_type}")
    if state_type in WITHOUT_EXECUTION:
        return execute(state_def, data, ctx)
    return execute(state_def, data, execution, ctx)


@replaces(GAP, SF, "_run_sub_machine", ("states", "start_at", "input_data", "execution", "ctx"))
def run_sub_machine(_original, states, start_at, input_data, execution, ctx):
    name, data = start_at, copy.deepcopy(input_data)
    while name:
        state_def = states.get(name)
        if not state_def:
            raise SF._ExecutionError("States.Runtime", f"State '{name}' not found")
        ctx["State"] = {"Name": name, "EnteredTime": now_iso(), "RetryCount": 0}
        state_type = state_def.get("Type")
        entered = {"name": name, "input": json.dumps(data)}
        SF._add_event(execution, f"{state_type}StateEntered", {"stateEnteredEventDetails": entered})
        data, next_name = _run_state(name, state_def, data, execution, ctx)
        exited = {"name": name, "output": json.dumps(data)}
        SF._add_event(execution, f"{state_type}StateExited", {"stateExitedEventDetails": exited})
        name = next_name
    return data
