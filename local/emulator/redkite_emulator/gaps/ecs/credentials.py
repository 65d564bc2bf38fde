"""ECS: the credentials of a task role.

AWS: a container with a task role finds AWS_CONTAINER_CREDENTIALS_RELATIVE_URI, to be asked for at 169.254.170.2:80, and
the metadata address on the same host. No endpoint, no full URI: minio-go, which Milvus uses, takes a full URI only on
loopback.
MiniStack: AWS_CONTAINER_CREDENTIALS_FULL_URI and AWS_ENDPOINT_URL at host.docker.internal, role or not.
Filled: the environment of AWS. The answer comes from here; local/emulator/task-credentials.ts leads 169.254.170.2:80 of
the container network to the emulator.
"""

import datetime
import hashlib
import secrets

from ministack.services import ecs

from ... import admin
from ...patching import replaces

GAP = "ecs.credentials"
PREFIX = "/v2/credentials/"
LINK_LOCAL = "http://169.254.170.2"
LIFETIME = datetime.timedelta(hours=6)
_roles = {}


@replaces(
    GAP,
    ecs,
    "_register_metadata",
    ("task_arn", "cluster_arn", "td", "cdef", "launch_type", "env", "host_mode", "ministack_net_ip"),
)
def register_metadata(original, task_arn, cluster_arn, td, cdef, launch_type, env, *rest):
    # What the task definition itself sets under these names is the user's own.
    given = {name: env[name] for name in ("AWS_ENDPOINT_URL", "AWS_CONTAINER_CREDENTIALS_FULL_URI") if name in env}
    token = original(task_arn, cluster_arn, td, cdef, launch_type, env, *rest)
    for name in ("AWS_ENDPOINT_URL", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN"):
        env.pop(name, None)
    env.update(given)
    env["ECS_CONTAINER_METADATA_URI_V4"] = f"{LINK_LOCAL}/v4/{token}"
    region = task_arn.split(":")[3]
    env.setdefault("AWS_REGION", region)
    env.setdefault("AWS_DEFAULT_REGION", region)
    if td.get("taskRoleArn"):
        identifier = secrets.token_urlsafe(24)
        _roles[identifier] = td["taskRoleArn"]
        env["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = PREFIX + identifier
    return token


@admin.public_prefix(PREFIX)
def credentials(path):
    identifier = path.removeprefix(PREFIX)
    role = _roles.get(identifier)
    if role is None:
        return None
    digest = hashlib.sha256(identifier.encode()).hexdigest()
    expiration = datetime.datetime.now(datetime.timezone.utc) + LIFETIME
    return {
        "RoleArn": role,
        # Not twelve digits: MiniStack would take those for an account of its own.
        "AccessKeyId": f"ASIA{digest[:16].upper()}",
        "SecretAccessKey": digest[:40],
        "Token": digest,
        "Expiration": expiration.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
