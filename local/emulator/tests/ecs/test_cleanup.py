"""Gap ecs.cleanup, on a real engine."""

import pytest

import probe
import tasks
from cloud import Cloud
from emulator import REGION, Emulator

pytestmark = pytest.mark.docker


def test_no_container_outlives_the_emulator(engine):
    import docker

    emulator = Emulator(docker_host=engine)
    aws = Cloud(emulator, REGION)
    cluster = tasks.cluster(aws)
    arn = tasks.run(aws, cluster, probe.definition(aws, "stubborn"))
    probe.running(aws, cluster, arn)
    client = docker.from_env()

    def containers():
        label = f"com.amazonaws.ecs.task-arn={arn}"
        return client.containers.list(all=True, filters={"label": label})

    assert containers()[0].name.startswith(f"redkite-{cluster}-")
    emulator.stop()
    assert containers() == []
