"""Step Functions: Parallel in JSONata, and branches that do not share their variables.

AWS: Arguments are the branches' input, Output and Assign see the branches' results; a branch's variables and its
context (`$states.context.Task.Token` among it) are its own; the first branch that fails ends the others.
MiniStack: ignores Arguments, Output and Assign of a Parallel state; all branches share one context, so that two
branches can send each other's task token; waits for every branch before it fails.
Filled: each sub-machine runs on its own copy of the context; JSONata Parallel states are run here.
"""

import threading

from ministack.services import stepfunctions as SF

from ... import executions
from ...patching import replaces

GAP = "sfn.parallel"


@replaces(GAP, SF, "_run_sub_machine", ("states", "start_at", "input_data", "execution", "ctx"))
def run_sub_machine(original, states, start_at, input_data, execution, ctx):
    return original(states, start_at, input_data, execution, {**ctx, "variables": dict(ctx.get("variables") or {})})


def _run_branches(branches, arguments, execution, ctx):
    failed = threading.Event()
    results = [None] * len(branches)
    errors = []
    finished = [executions.Signal() for _ in branches]

    def run(index, branch):
        try:
            results[index] = SF._run_sub_machine(branch["States"], branch["StartAt"], arguments, execution, ctx)
        except Exception as error:
            # The ones after the first are only told to end.
            errors.append(error)
            failed.set()
        finished[index].set()

    for index, branch in enumerate(branches):
        context = executions.also_stopped_by(failed)
        threading.Thread(target=context.run, args=(run, index, branch), daemon=True).start()
    executions.wait_until(lambda: bool(errors) or all(signal.is_set() for signal in finished))
    executions.raise_if_stopped()
    if errors:
        error = errors[0]
        raise error if isinstance(error, SF._ExecutionError) else SF._ExecutionError("States.BranchFailed", str(error))
    return results


@replaces(GAP, SF, "_run_parallel_branches", ("state_def", "raw_input", "execution", "ctx"))
def run_parallel_branches(original, state_def, raw_input, execution, ctx):
    if SF._state_query_language(state_def, ctx) != "JSONata":
        return original(state_def, raw_input, execution, ctx)
    arguments = SF._apply_jsonata_arguments(state_def, raw_input, ctx)
    results = _run_branches(state_def.get("Branches", []), arguments, execution, ctx)
    output = SF._apply_jsonata_output(state_def, raw_input, ctx, result=results, default=results)
    SF._apply_state_assign(state_def, raw_input, ctx, result=results)
    return output, SF._next_or_end(state_def)


