"""ECS: images that were built on this machine.

AWS: pulls images from a registry, and pins a service's deployment to the digest of its first task's image.
MiniStack: does the same for services, with three attempts, and starts the second task a second after the first.
Filled: an image named `localhost/...` is nowhere else, so it is neither looked up nor pulled nor pinned.
"""

from ministack.services import ecs

from ...patching import replaces

GAP = "ecs.images"


def _all_local(td):
    return all(c["image"].startswith("localhost/") for c in td.get("containerDefinitions", []))


@replaces(GAP, ecs, "_deployment_needs_first_task", ("deployment", "td", "context"))
def deployment_needs_first_task(original, deployment, td, context=None):
    return not _all_local(td) and original(deployment, td, context)


@replaces(GAP, ecs, "_prepare_service_images", ("task", "td", "docker_client"))
def prepare_service_images(original, task, td, docker_client):
    # Without a deployment MiniStack runs the image by the name it has.
    return None if _all_local(td) else original(task, td, docker_client)
