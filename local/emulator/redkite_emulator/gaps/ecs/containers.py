"""ECS: what of a container definition reaches the container.

AWS: entryPoint, workingDirectory, user, ulimits, memory (of the container, else of the task), readonlyRootFilesystem;
the task's own subnet.
MiniStack: command, environment, mounts; the engine's default network; an entry for host.docker.internal.
Filled: the missing ones; the network of this copy (REDKITE_NETWORK) with the task's address; a name that says what the
container is.
"""

import logging
import os
import re

from ministack.services import ecs

from ...patching import expect, replaces
from .addresses import address_of

GAP = "ecs.containers"
logger = logging.getLogger("redkite")
MEBIBYTE = 1024 * 1024
# That has endpoints with addresses; podman's own is newer.
API_VERSION = "1.41"
# As in containers.conf (local/runtime): podman's service lowers its own limits, and may not raise a container's above.
MOST = {"nofile": 20_000, "nproc": 30_000}
_memory_limits = {"possible": True}
expect(GAP, ecs, "_get_docker", ())


def _container_name(td, cdef, task_id, cluster_arn):
    """Cluster, family, container, task: `redkite-demo-etcd-0-etcd-1a2b3c4d`."""
    parts = ["redkite", cluster_arn.rsplit("/", 1)[-1], td.get("family", ""), cdef["name"], task_id[:8]]
    return re.sub(r"[^a-zA-Z0-9_.-]", "-", "-".join(parts))


def _endpoint(network, address):
    import docker

    return (
        {"networking_config": {network: docker.types.EndpointConfig(API_VERSION, ipv4_address=address)}} if address else {}
    )


def _limits(td, cdef):
    import docker

    limits = {}
    memory = cdef.get("memory") or td.get("memory")
    if memory and _memory_limits["possible"]:
        limits["mem_limit"] = int(memory) * MEBIBYTE
    if cdef.get("ulimits"):
        limits["ulimits"] = [docker.types.Ulimit(name=name, soft=s, hard=h) for name, (s, h) in _ulimits(cdef).items()]
    return limits


def _ulimits(cdef):
    """What the definition asks for, within what is possible. As soon as one limit is named, podman sets its own for
    files and processes, higher than it may, instead of those in containers.conf: so both are always named."""
    asked = {limit["name"]: (limit["softLimit"], limit["hardLimit"]) for limit in cdef["ulimits"]}
    limits = {name: (most, most) for name, most in MOST.items()}
    for name, (soft, hard) in asked.items():
        most = MOST.get(name, hard)
        if hard > most:
            logger.warning("container %s asks for %s %s, %s is given", cdef["name"], name, hard, most)
        limits[name] = (min(soft, most), min(hard, most))
    return limits


@replaces(
    GAP,
    ecs,
    "_build_run_kwargs",
    (
        "cdef",
        "td",
        "env",
        "port_bindings",
        "ecs_network",
        "host_mode",
        "task_id",
        "task_arn",
        "ministack_net_ip",
        "cluster_arn",
    ),
)
def build_run_kwargs(original, cdef, td, env, port_bindings, ecs_network, host_mode, task_id, *rest):
    kwargs = original(cdef, td, env, port_bindings, ecs_network, host_mode, task_id, *rest)
    kwargs.pop("extra_hosts", None)
    kwargs["name"] = _container_name(td, cdef, task_id, rest[-1])
    for ours, theirs in (
        ("entrypoint", "entryPoint"),
        ("working_dir", "workingDirectory"),
        ("user", "user"),
        ("read_only", "readonlyRootFilesystem"),
    ):
        if cdef.get(theirs):
            kwargs[ours] = cdef[theirs]
    network = os.environ.get("REDKITE_NETWORK")
    if network and not host_mode:
        kwargs["network"] = network
        kwargs.update(_endpoint(network, address_of(rest[0])))
    kwargs.update(_limits(td, cdef))
    return kwargs


@replaces(
    GAP,
    ecs,
    "_run_docker_container",
    (
        "docker_client",
        "cdef",
        "run_kwargs",
        "refresh_image",
        "allow_cached",
        "cache_image",
        "fallback_image",
        "auth_config",
    ),
)
def run_docker_container(original, docker_client, cdef, run_kwargs, **options):
    try:
        return original(docker_client, cdef, run_kwargs, **options)
    except Exception as error:
        # A machine inside a container may not be allowed to write to the memory controller.
        if "mem_limit" not in run_kwargs or not re.search(r"cgroup|memory", str(error), re.IGNORECASE):
            raise
        logger.warning("memory limits cannot be set here, containers run without: %s", error)
        _memory_limits["possible"] = False
        run_kwargs.pop("mem_limit")
        return original(docker_client, cdef, run_kwargs, **options)
