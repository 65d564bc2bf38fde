"""CloudFormation: AWS::MSK::Cluster, AWS::MSK::Configuration, AWS::MSK::BatchScramSecret.

AWS: Ref is the ARN (of the cluster, of the configuration; the cluster of a secret association); a configuration has
LatestRevision.Revision; changing its properties adds a revision.
MiniStack: refuses the whole stack ("Unrecognized resource types").
Filled: made through MiniStack's own kafka API, so that every kafka call sees them.
"""

import base64
import json

from ministack.services import msk
from ministack.services.cloudformation import provisioners

from ...patching import expect

GAP = "cloudformation.msk"
for _name, _parameters in (
    ("_create_cluster", ("body",)),
    ("_delete_cluster", ("arn",)),
    ("_create_configuration", ("body",)),
    ("_batch_associate_scram", ("arn", "body")),
    ("_batch_disassociate_scram", ("arn", "body")),
):
    expect(GAP, msk, _name, _parameters)
_physical_name = expect(GAP, provisioners, "_physical_name")
_handlers = expect(GAP, provisioners, "_RESOURCE_HANDLERS")
# Keys of these maps are names the user chose, not members of the API.
_FREE_FORM = ("tags",)


def _members(value, free=False):
    """CloudFormation's `NumberOfBrokerNodes` is the API's `numberOfBrokerNodes`, at every level."""
    if isinstance(value, dict):
        named = {key if free else key[:1].lower() + key[1:]: item for key, item in value.items()}
        return {key: _members(item, free or key in _FREE_FORM) for key, item in named.items()}
    return [_members(item, free) for item in value] if isinstance(value, list) else value


def _call(function, *args):
    status, _, body = function(*args)
    answer = json.loads(body) if body else {}
    if status >= 400:
        raise ValueError(answer.get("message") or answer.get("Message") or str(answer))
    return {key[:1].lower() + key[1:]: value for key, value in answer.items()}


def _cluster_request(props):
    request = _members(props)
    if "numberOfBrokerNodes" in request:
        request["numberOfBrokerNodes"] = int(request["numberOfBrokerNodes"])
    return request


def _create_cluster(_logical_id, props, _stack_name):
    arn = _call(msk._create_cluster, json.dumps(_cluster_request(props)))["clusterArn"]
    return arn, {"Arn": arn}


def _update_cluster(physical_id, _old_props, new_props, _stack_name):
    request = _cluster_request(new_props)
    info = msk._clusters[physical_id]
    for member in ("brokerNodeGroupInfo", "clientAuthentication", "numberOfBrokerNodes", "enhancedMonitoring",
                   "openMonitoring", "loggingInfo", "tags"):
        if member in request:
            info[member[:1].upper() + member[1:]] = request[member]
    configuration = request.get("configurationInfo") or {}
    info["CurrentBrokerSoftwareInfo"] = {
        "KafkaVersion": request.get("kafkaVersion"),
        "ConfigurationArn": configuration.get("arn"),
        "ConfigurationRevision": configuration.get("revision"),
    }
    return physical_id, {"Arn": physical_id}


def _delete_cluster(physical_id, _props):
    if physical_id in msk._clusters:
        _call(msk._delete_cluster, physical_id)


def _blob(text):
    """Plain text in a template, base64 in the API."""
    return base64.b64encode(text.encode()).decode()


def _configuration_attributes(arn):
    latest = msk._configurations[arn]["LatestRevision"]
    return {
        "Arn": arn,
        "LatestRevision.Revision": str(latest["Revision"]),
        "LatestRevision.CreationTime": latest["CreationTime"],
        "LatestRevision.Description": latest.get("Description", ""),
    }


def _create_configuration(logical_id, props, stack_name):
    request = {
        "name": props.get("Name") or _physical_name(stack_name, logical_id),
        "description": props.get("Description", ""),
        "kafkaVersions": props.get("KafkaVersionsList", []),
        "serverProperties": _blob(props["ServerProperties"]),
    }
    arn = _call(msk._create_configuration, json.dumps(request))["arn"]
    return arn, _configuration_attributes(arn)


def _update_configuration(physical_id, _old_props, new_props, _stack_name):
    configuration = msk._configurations[physical_id]
    latest = configuration["LatestRevision"]
    revision = {
        **latest,
        "Revision": int(latest["Revision"]) + 1,
        "CreationTime": msk._now_iso(),
        "Description": new_props.get("Description", ""),
        "ServerProperties": _blob(new_props["ServerProperties"]),
    }
    configuration["LatestRevision"] = revision
    msk._config_revisions[physical_id] = [*msk._config_revisions.get(physical_id, []), revision]
    return physical_id, _configuration_attributes(physical_id)


def _delete_configuration(physical_id, _props):
    msk._configurations.pop(physical_id, None)
    msk._config_revisions.pop(physical_id, None)


def _associate(cluster, arns):
    if arns:
        _call(msk._batch_associate_scram, cluster, json.dumps({"secretArnList": list(arns)}))


def _disassociate(cluster, arns):
    if arns and cluster in msk._clusters:
        _call(msk._batch_disassociate_scram, cluster, json.dumps({"secretArnList": list(arns)}))


def _create_secrets(_logical_id, props, _stack_name):
    _associate(props["ClusterArn"], props.get("SecretArnList") or [])
    return props["ClusterArn"], {"ClusterArn": props["ClusterArn"]}


def _update_secrets(physical_id, old_props, new_props, _stack_name):
    old, new = set(old_props.get("SecretArnList") or []), set(new_props.get("SecretArnList") or [])
    _disassociate(old_props["ClusterArn"], sorted(old - new))
    _associate(new_props["ClusterArn"], sorted(new - old))
    return new_props["ClusterArn"], {"ClusterArn": new_props["ClusterArn"]}


def _delete_secrets(physical_id, props):
    _disassociate(physical_id, props.get("SecretArnList") or [])


_handlers["AWS::MSK::Cluster"] = {"create": _create_cluster, "update": _update_cluster, "delete": _delete_cluster}
_handlers["AWS::MSK::Configuration"] = {
    "create": _create_configuration,
    "update": _update_configuration,
    "delete": _delete_configuration,
}
_handlers["AWS::MSK::BatchScramSecret"] = {
    "create": _create_secrets,
    "update": _update_secrets,
    "delete": _delete_secrets,
}
