"""ECS: no container outlives the emulator.

MiniStack: at its end it stops its containers one grace period after the other, sixteen at a time.
Filled: the containers of this emulator (its label carries host and port) are killed and removed. Whoever wants the
tasks to end in an orderly way stops them first.
"""

import concurrent.futures
import logging

from ministack import app
from ministack.core import container_reaper

from ...patching import expect, replaces

GAP = "ecs.cleanup"
logger = logging.getLogger("redkite")
expect(GAP, container_reaper, "INSTANCE_LABEL")
expect(GAP, container_reaper, "instance_id", ())


@replaces(GAP, app, "_stop_docker_containers", ("include_unlabelled",))
def stop_docker_containers(_original, include_unlabelled=False):
    client = app._reaper_docker_client()
    if client is None:
        return
    label = f"{container_reaper.INSTANCE_LABEL}={container_reaper.instance_id()}"
    try:
        containers = client.containers.list(all=True, sparse=True, filters={"label": label})
    except Exception as error:
        logger.warning("the containers of this emulator could not be listed: %s", error)
        return

    def remove(container):
        try:
            # podman's forced removal gives a container that ignores SIGTERM its grace period; a kill does not.
            client.api.kill(container.id)
        except Exception as error:
            logger.debug("container %s is not running: %s", container.id[:12], error)
        try:
            client.api.remove_container(container.id, v=True, force=True)
        except Exception as error:
            logger.warning("container %s could not be removed: %s", container.id[:12], error)

    with concurrent.futures.ThreadPoolExecutor(max_workers=16) as pool:
        list(pool.map(remove, containers))
