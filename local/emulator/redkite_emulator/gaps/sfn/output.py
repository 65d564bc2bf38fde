"""Step Functions: Output of a Succeed state, and of a Choice state that takes its default.

AWS: in JSONata both transform what leaves the state.
MiniStack: passes the input through.
Filled: where MiniStack applies a Succeed state's OutputPath, and after a Choice.
"""

from ministack.services import stepfunctions as SF

from ...patching import replaces

GAP = "sfn.output"


@replaces(GAP, SF, "_apply_output_path", ("state_def", "data", "ctx"))
def apply_output_path(original, state_def, data, ctx=None):
    if state_def.get("Type") == "Succeed" and SF._state_query_language(state_def, ctx) == "JSONata":
        return SF._apply_jsonata_output(state_def, data, ctx, default=data)
    return original(state_def, data, ctx)


@replaces(GAP, SF, "_execute_choice", ("state_def", "raw_input", "ctx"))
def execute_choice(original, state_def, raw_input, ctx=None):
    if SF._state_query_language(state_def, ctx) != "JSONata" or "Output" not in state_def:
        return original(state_def, raw_input, ctx)
    for rule in state_def.get("Choices", []):
        if SF._evaluate_jsonata_choice_rule(rule, raw_input, ctx):
            return original({**state_def, "Choices": [{**rule, "Condition": True}]}, raw_input, ctx)
    output = SF._apply_jsonata_output(state_def, raw_input, ctx, default=raw_input)
    return output, original({**state_def, "Choices": []}, raw_input, ctx)[1]
