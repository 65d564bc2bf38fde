"""Gap functions.faults."""

COUNTING = "let calls = 0; export const handler = async () => (calls += 1);"


def test_each_second_call_fails_before_its_code_runs_until_that_is_ended(aws):
    function = aws.function(COUNTING)
    name = function.rsplit(":", 1)[-1]
    aws.admin("POST", "/_redkite/faults", {"function": name, "every": 2})
    answers = [aws.invoke(function) for _ in range(4)]
    assert [kind for kind, _ in answers] == [None, "Unhandled", None, "Unhandled"]
    assert answers[1][1]["errorType"] == "InjectedFault"
    aws.admin("POST", "/_redkite/faults", {"function": name, "every": 0})
    assert [aws.invoke(function) for _ in range(2)] == [(None, 3), (None, 4)]


def test_only_calls_that_hold_the_text_are_counted(aws):
    function = aws.function(COUNTING)
    name = function.rsplit(":", 1)[-1]
    aws.admin("POST", "/_redkite/faults", {"function": name, "every": 1, "containing": "member:mine:"})
    assert aws.invoke(function, {"group": "member:yours:0"}) == (None, 1)
    assert aws.invoke(function, {"group": "member:mine:0"})[0] == "Unhandled"


def test_other_functions_are_left_alone(aws):
    aws.admin("POST", "/_redkite/faults", {"function": "another", "every": 1})
    assert aws.invoke(aws.function(COUNTING)) == (None, 1)
    aws.admin("POST", "/_redkite/faults", {"function": "another", "every": 0})
