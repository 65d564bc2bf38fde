"""Gap sfn.output."""

import json


def test_a_succeed_state_transforms_its_output(aws):
    states = {"Done": {"Type": "Succeed", "Output": {"n": "{% $states.input.n + 1 %}"}}}
    assert json.loads(aws.run(states, "Done", {"n": 1})["output"]) == {"n": 2}


def test_a_succeed_state_inside_a_map_does_too(aws):
    states = {
        "Each": {
            "Type": "Map",
            "Items": "{% $states.input %}",
            "ItemProcessor": {
                "StartAt": "Done",
                "States": {"Done": {"Type": "Succeed", "Output": "{% $states.input * 2 %}"}},
            },
            "End": True,
        }
    }
    assert json.loads(aws.run(states, "Each", [1, 2, 3])["output"]) == [2, 4, 6]


def test_a_choice_that_takes_its_default_transforms_its_output(aws):
    states = {
        "Which": {
            "Type": "Choice",
            "Choices": [{"Condition": "{% $states.input.n = 1 %}", "Output": "one", "Next": "Done"}],
            "Default": "Done",
            "Output": "other",
        },
        "Done": {"Type": "Succeed"},
    }
    assert json.loads(aws.run(states, "Which", {"n": 1})["output"]) == "one"
    assert json.loads(aws.run(states, "Which", {"n": 2})["output"]) == "other"
