"""Gap ecs.events, without an engine."""

import tasks


def test_the_event_is_the_task_as_aws_tells_it(aws):
    cluster = tasks.cluster(aws)
    receive = tasks.follow(aws, cluster)
    tags = [{"key": "a", "value": "b"}]
    arn = tasks.run(aws, cluster, tasks.definition(aws), startedBy="creator", group="etcd", tags=tags)
    event = aws.collect(receive, len, "RUNNING")[0]
    assert event["source"] == "aws.ecs"
    assert event["resources"] == [arn]
    detail = event["detail"]
    assert (detail["taskArn"], detail["lastStatus"], detail["desiredStatus"]) == (arn, "RUNNING", "RUNNING")
    assert (detail["startedBy"], detail["group"], detail["launchType"]) == ("creator", "etcd", "FARGATE")
    assert detail["attachments"][0]["type"] == "eni"
    assert detail["containers"][0]["name"] == "main"
    assert isinstance(detail["version"], int)
    assert "T" in detail["createdAt"]
    assert not [key for key in detail if key.startswith("_")]
    assert "tags" not in detail
