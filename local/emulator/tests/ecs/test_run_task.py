"""Gap ecs.run_task."""

from concurrent.futures import ThreadPoolExecutor

import pytest

import tasks


def test_a_client_token_starts_a_task_once(aws):
    cluster, definition = tasks.cluster(aws), tasks.definition(aws)

    def start(_):
        return tasks.run(aws, cluster, definition, clientToken="demo-etcd-0-7")

    with ThreadPoolExecutor(5) as pool:
        assert len(set(pool.map(start, range(5)))) == 1
    assert len(aws.client("ecs").list_tasks(cluster=cluster)["taskArns"]) == 1


def test_a_client_token_with_other_parameters_is_a_conflict(aws):
    ecs, cluster, definition = aws.client("ecs"), tasks.cluster(aws), tasks.definition(aws)
    tasks.run(aws, cluster, definition, clientToken="token")
    with pytest.raises(ecs.exceptions.ClientError, match="ConflictException"):
        tasks.run(aws, cluster, definition, clientToken="token", startedBy="another")


def test_no_more_than_ten_at_once(aws):
    ecs = aws.client("ecs")
    with pytest.raises(ecs.exceptions.InvalidParameterException):
        tasks.run(aws, tasks.cluster(aws), tasks.definition(aws), count=11)
