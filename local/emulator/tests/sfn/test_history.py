"""Gap sfn.history."""


def entered(aws, arn):
    events = aws.client("stepfunctions").get_execution_history(executionArn=arn, maxResults=1000)["events"]
    names = {"entered": [], "exited": []}
    for event in events:
        for which in names:
            if details := event.get(f"state{which.capitalize()}EventDetails"):
                names[which].append(details["name"])
    return {which: sorted(found) for which, found in names.items()}


def test_states_of_branches_and_iterations_are_written_down(aws):
    states = {
        "Both": {
            "Type": "Parallel",
            "Branches": [
                {
                    "StartAt": "First",
                    "States": {
                        "First": {"Type": "Pass", "Next": "Which"},
                        "Which": {"Type": "Choice", "Choices": [], "Default": "Done"},
                        "Done": {"Type": "Succeed"},
                    },
                },
                {"StartAt": "Alone", "States": {"Alone": {"Type": "Pass", "End": True}}},
            ],
            "Output": [1, 2],
            "Next": "Each",
        },
        "Each": {
            "Type": "Map",
            "ItemProcessor": {"StartAt": "Item", "States": {"Item": {"Type": "Pass", "End": True}}},
            "End": True,
        },
    }
    arn = aws.start(aws.machine(states, "Both"), {})
    aws.finished(arn)
    found = sorted(["Both", "First", "Which", "Done", "Alone", "Each", "Item", "Item"])
    assert entered(aws, arn) == {"entered": found, "exited": found}


def test_a_state_that_fails_is_entered_and_not_left(aws):
    states = {
        "Both": {
            "Type": "Parallel",
            "Branches": [{"StartAt": "Bad", "States": {"Bad": {"Type": "Fail", "Error": "Bad"}}}],
            "Catch": [{"ErrorEquals": ["Bad"], "Next": "Caught"}],
            "End": True,
        },
        "Caught": {"Type": "Succeed"},
    }
    arn = aws.start(aws.machine(states, "Both"), {})
    aws.finished(arn)
    names = entered(aws, arn)
    assert "Bad" in names["entered"]
    assert "Bad" not in names["exited"]
