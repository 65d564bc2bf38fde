"""Gap ecs_images, on a real engine."""

import time

import pytest

import engine
import tasks
from cloud import until

pytestmark = pytest.mark.docker


def test_the_tasks_of_a_service_with_a_local_image_do_not_wait_for_each_other(engine_aws):
    ecs, cluster = engine_aws.client("ecs"), tasks.cluster(engine_aws)
    started = time.monotonic()
    ecs.create_service(
        cluster=cluster,
        serviceName="service",
        taskDefinition=engine.definition(engine_aws, "wait"),
        desiredCount=3,
        launchType="FARGATE",
        networkConfiguration=tasks.network(),
    )

    def running():
        return ecs.describe_services(cluster=cluster, services=["service"])["services"][0]["runningCount"]

    until(lambda: running() == 3, "three tasks")
    # A registry is asked three times and for a second each, and MiniStack waits a second after the first task.
    assert time.monotonic() - started < 2
    ecs.delete_service(cluster=cluster, service="service", force=True)
    for arn in ecs.list_tasks(cluster=cluster, desiredStatus="STOPPED")["taskArns"]:
        engine.stopped(engine_aws, cluster, arn)
