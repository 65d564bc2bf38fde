"""Gap ecs_stop, without an engine."""

from cloud import until
import tasks


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
