"""Gap functions.faults."""

import threading

from cloud import until

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


SLOW = """
export const handler = async ({ who, path }) => {
  if (who !== "mine") return who;
  await (await import("node:fs/promises")).writeFile(path, "here");
  await new Promise((resolve) => setTimeout(resolve, 60000));
};"""


def test_a_process_that_works_on_a_call_with_the_text_is_killed(aws, tmp_path):
    function = aws.function(SLOW)
    name = function.rsplit(":", 1)[-1]
    begun = tmp_path / "begun"
    answers = []
    call = threading.Thread(
        target=lambda: answers.append(aws.invoke(function, {"who": "mine", "path": str(begun)})), daemon=True
    )
    call.start()
    until(begun.exists, "a call that is under way")
    assert aws.admin("POST", "/_redkite/kills", {"function": name, "containing": '"who": "yours"'})["killed"] == 0
    assert aws.admin("POST", "/_redkite/kills", {"function": name, "containing": '"who": "mine"'})["killed"] == 1
    call.join(10)
    assert answers[0][0] == "Unhandled"
    assert answers[0][1]["errorType"] == "Runtime.ExitError"
    assert aws.invoke(function, {"who": "yours"}) == (None, "yours")
