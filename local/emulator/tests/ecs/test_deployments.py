"""Gap ecs.deployments, without an engine."""

import tasks
from cloud import until


def test_a_service_tells_that_its_deployment_is_complete_and_that_it_is_steady(aws):
    ecs, cluster = aws.client("ecs"), tasks.cluster(aws)
    receive = aws.follow({"source": ["aws.ecs"], "detail": {"eventName": [{"prefix": "SERVICE_"}]}})
    arn = ecs.create_service(
        cluster=cluster, serviceName="proxy", taskDefinition=tasks.definition(aws), desiredCount=2, launchType="FARGATE"
    )["service"]["serviceArn"]
    wanted = {"SERVICE_DEPLOYMENT_COMPLETED", "SERVICE_STEADY_STATE"}
    events = aws.collect(receive, lambda found: wanted <= {e["detail"]["eventName"] for e in found}, "both events")
    assert {e["detail-type"] for e in events} == {"ECS Deployment State Change", "ECS Service Action"}
    assert all(e["resources"] == [arn] for e in events)

    def service():
        return ecs.describe_services(cluster=cluster, services=["proxy"])["services"][0]

    until(lambda: service()["deployments"][0]["rolloutState"] == "COMPLETED", "COMPLETED")
    assert "steady state" in service()["events"][0]["message"]
    ecs.delete_service(cluster=cluster, service="proxy", force=True)
