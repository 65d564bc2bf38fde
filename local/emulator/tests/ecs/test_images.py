"""Gap ecs.images, on a real engine."""

import pytest

import probe
import tasks
from cloud import until

pytestmark = pytest.mark.docker


def test_the_tasks_of_a_service_with_a_local_image_do_not_wait_for_each_other(engine_aws):
    ecs, cluster = engine_aws.client("ecs"), tasks.cluster(engine_aws)
    ecs.create_service(
        cluster=cluster,
        serviceName="service",
        taskDefinition=probe.definition(engine_aws, "wait"),
        desiredCount=3,
        launchType="FARGATE",
        networkConfiguration=tasks.network(),
    )
    # MiniStack starts one, asks the registry for its digest, and the others when the first has run for a second.
    arns = ecs.list_tasks(cluster=cluster, serviceName="service")["taskArns"]
    assert len(arns) == 3

    def running():
        return ecs.describe_services(cluster=cluster, services=["service"])["services"][0]["runningCount"]

    until(lambda: running() == 3, "three tasks")
    ecs.delete_service(cluster=cluster, service="service", force=True)
    for arn in arns:
        probe.stopped(engine_aws, cluster, arn)
