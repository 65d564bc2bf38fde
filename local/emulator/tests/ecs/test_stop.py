"""Gap ecs.stop, without an engine."""

import json

import tasks
from cloud import until


def test_stop_task_answers_before_the_task_has_stopped(aws):
    cluster = tasks.cluster(aws)
    receive = tasks.follow(aws, cluster)
    arn = tasks.run(aws, cluster, tasks.definition(aws))
    answer = aws.client("ecs").stop_task(cluster=cluster, task=arn, reason="enough")["task"]
    assert (answer["lastStatus"], answer["desiredStatus"]) == ("RUNNING", "STOPPED")
    events = aws.collect(receive, lambda found: ("STOPPED", "STOPPED") in tasks.statuses(found), "STOPPED event")
    assert tasks.statuses(events) == [
        ("RUNNING", "RUNNING"),
        ("RUNNING", "STOPPED"),
        ("DEPROVISIONING", "STOPPED"),
        ("STOPPED", "STOPPED"),
    ]
    task = tasks.describe(aws, cluster, arn)
    assert (task["stoppedReason"], task["stopCode"]) == ("enough", "UserInitiated")
    assert task["version"] == max(event["detail"]["version"] for event in events)


def test_a_service_replaces_a_task_that_was_stopped(aws):
    ecs, cluster = aws.client("ecs"), tasks.cluster(aws)
    ecs.create_service(
        cluster=cluster,
        serviceName="proxy",
        taskDefinition=tasks.definition(aws),
        desiredCount=1,
        launchType="FARGATE",
        networkConfiguration=tasks.network(),
    )

    def running():
        return ecs.list_tasks(cluster=cluster, serviceName="proxy", desiredStatus="RUNNING")["taskArns"]

    first = until(running, "the first task")
    ecs.stop_task(cluster=cluster, task=first[0])
    second = until(lambda: [arn for arn in running() if arn not in first], "its replacement")
    ecs.update_service(cluster=cluster, service="proxy", desiredCount=0)
    until(lambda: not running(), "scale to zero")
    assert tasks.describe(aws, cluster, second[0])["stopCode"] == "ServiceSchedulerInitiated"


def test_looking_at_a_task_asks_no_engine(monkeypatch):
    # In this process: only here can the engine be made to fail when it is asked.
    from ministack.services import ecs
    from redkite_emulator.gaps.ecs import stop

    assert stop.GAP == "ecs.stop"
    cluster = ecs._create_cluster({"clusterName": "looked-at"})
    assert cluster[0] == 200
    arn = "arn:aws:ecs:us-east-1:000000000000:task/looked-at/1"
    ecs._tasks[arn] = {
        "taskArn": arn,
        "clusterArn": ecs._clusters["looked-at"]["clusterArn"],
        "lastStatus": "RUNNING",
        "desiredStatus": "RUNNING",
        "containers": [{"name": "main"}],
        "_docker_ids": ["container"],
    }

    def asked():
        raise AssertionError("the engine was asked")

    monkeypatch.setattr(ecs, "_get_docker", asked)
    described = json.loads(ecs._describe_tasks({"cluster": "looked-at", "tasks": [arn]})[2])
    listed = json.loads(ecs._list_tasks({"cluster": "looked-at"})[2])
    assert described["tasks"][0]["lastStatus"] == "RUNNING"
    assert listed["taskArns"] == [arn]
