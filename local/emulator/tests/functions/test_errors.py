"""Gap functions.errors."""

import json

THROWING = """
class QuorumLost extends Error { constructor(m) { super(m); this.name = 'QuorumLost'; } }
let calls = 0;
export const handler = async (event) => {
  calls += 1;
  if (event.exit) process.exit(3);
  if (event.sync) throw new TypeError('sync');
  if (event.text) throw 'just text';
  if (event.fail) throw new QuorumLost('2 of 3 are gone');
  return calls;
};
"""


def test_the_name_message_and_trace_of_the_error_come_through(aws):
    kind, body = aws.invoke(aws.function(THROWING), {"fail": True})
    assert kind == "Unhandled"
    assert body["errorType"] == "QuorumLost"
    assert body["errorMessage"] == "2 of 3 are gone"
    assert any("index.mjs" in line for line in body["trace"])


def test_text_that_is_thrown_is_an_error_of_its_type(aws):
    assert aws.invoke(aws.function(THROWING), {"text": True})[1]["errorType"] == "string"


def test_the_worker_stays_warm_after_an_error(aws):
    function = aws.function(THROWING)
    assert aws.invoke(function)[1] == 1
    aws.invoke(function, {"fail": True})
    assert aws.invoke(function)[1] == 3


def test_a_process_that_exits_is_an_exit_error_and_the_next_call_works(aws):
    function = aws.function(THROWING)
    assert aws.invoke(function, {"exit": True})[1]["errorType"] == "Runtime.ExitError"
    assert aws.invoke(function)[1] == 1


def test_a_state_machine_catches_by_name(aws):
    states = {
        "Call": {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Arguments": {"FunctionName": aws.function(THROWING), "Payload": {"fail": True}},
            "Catch": [
                {"ErrorEquals": ["SomethingElse"], "Next": "Wrong"},
                {"ErrorEquals": ["QuorumLost"], "Output": "{% $states.errorOutput %}", "Next": "Right"},
            ],
            "Next": "Wrong",
        },
        "Right": {"Type": "Succeed"},
        "Wrong": {"Type": "Fail"},
    }
    result = aws.run(states, "Call")
    assert result["status"] == "SUCCEEDED"
    caught = json.loads(result["output"])
    assert caught["Error"] == "QuorumLost"
    assert json.loads(caught["Cause"])["errorMessage"] == "2 of 3 are gone"
