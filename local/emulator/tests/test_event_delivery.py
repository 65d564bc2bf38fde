"""Gap event_delivery."""

import urllib.error

import pytest


def test_users_cannot_send_events_of_aws(aws):
    entry = {"Source": "aws.ecs", "DetailType": "ECS Task State Change", "Detail": "{}"}
    answer = aws.client("events").put_events(Entries=[entry])
    assert answer["Entries"][0]["ErrorCode"] == "NotAuthorizedForSourceException"


def test_tests_can_and_in_order(aws):
    receive = aws.follow({"source": ["aws.ecs"], "detail": {"taskArn": ["arn:late"]}})
    entries = [
        {"Source": "aws.ecs", "DetailType": "ECS Task State Change", "Detail": {"taskArn": "arn:late", "version": n}}
        for n in (3, 2, 2)
    ]
    assert aws.admin("POST", "/_redkite/events", {"Entries": entries}) == {"accepted": 3}
    events = aws.collect(receive, lambda found: len(found) == 3, "the three events")
    assert sorted(event["detail"]["version"] for event in events) == [2, 2, 3]


def test_a_body_without_entries_is_refused(aws):
    with pytest.raises(urllib.error.HTTPError, match="400"):
        aws.admin("POST", "/_redkite/events", {})
