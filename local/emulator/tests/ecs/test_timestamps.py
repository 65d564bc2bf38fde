"""Gap ecs.timestamps, without an engine."""

from datetime import datetime

import tasks


def test_an_answer_tells_the_time_as_the_event_does(aws):
    cluster = tasks.cluster(aws)
    receive = tasks.follow(aws, cluster)
    arn = tasks.run(aws, cluster, tasks.definition(aws))
    event = aws.collect(receive, len, "RUNNING")[0]
    told = datetime.fromisoformat(event["detail"]["createdAt"].replace("Z", "+00:00"))
    assert tasks.describe(aws, cluster, arn)["createdAt"].timestamp() == told.timestamp()
