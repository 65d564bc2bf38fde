"""Step Functions: starting an execution at once, and only once.

AWS: an execution starts without a fixed delay. The same name with the same input, while it runs, answers with the
running execution; the same name otherwise is ExecutionAlreadyExists.
MiniStack: sleeps 150 ms before the first state; refuses every name it has seen; two threads can both take a name.
Filled: the constant is taken out of the compiled function; a running execution with the same input is answered; one
lock around the check and the start.
"""

import threading

from ministack.core.responses import get_account_id, get_region, json_response
from ministack.services import stepfunctions as SF

from ...patching import GapError, expect, replaces

GAP = "sfn.start"
DELAY_S = 0.15
_starting = threading.RLock()

run = expect(GAP, SF, "_run_execution", ("exec_arn",))
_constants = run.__code__.co_consts
if _constants.count(DELAY_S) != 1:
    raise GapError(f"gap {GAP}: stepfunctions._run_execution no longer sleeps {DELAY_S} s before it starts.")
run.__code__ = run.__code__.replace(co_consts=tuple(0 if value == DELAY_S else value for value in _constants))


@replaces(GAP, SF, "_start_execution", ("data",))
def start_execution(original, data):
    with _starting:
        machine = SF._state_machines.get(SF._resolve_state_machine_arn(data.get("stateMachineArn", "").split("#")[0]))
        if machine is not None and data.get("name"):
            arn = f"arn:aws:states:{get_region()}:{get_account_id()}:execution:{machine['name']}:{data['name']}"
            running = SF._executions.get(arn)
            if running is not None and running["status"] == "RUNNING" and running["input"] == data.get("input", "{}"):
                return json_response({"executionArn": arn, "startDate": running["startDate"]})
        return original(data)
