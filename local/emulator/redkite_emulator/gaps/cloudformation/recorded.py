"""CloudFormation: types that change nothing a local deployment can see.

AWS: makes them.
MiniStack: refuses the whole stack ("Unrecognized resource types").
Filled: kept as records, with the Ref and the attributes AWS documents for them; an update keeps the Ref, as on AWS as
long as no property that asks for a replacement changes. A type that MiniStack learns one day stops the start, so that
its own handling can be looked at and the record dropped.
"""

from ministack.core.responses import get_account_id, get_region, new_uuid
from ministack.services.cloudformation import provisioners

from ...patching import GapError, expect

GAP = "cloudformation.recorded"
_handlers = expect(GAP, provisioners, "_RESOURCE_HANDLERS")


def _arn(service, resource):
    return f"arn:aws:{service}:{get_region()}:{get_account_id()}:{resource}"


def _rule(_stack, _logical_id, _props, unique):
    return f"sgr-{unique[:17]}", lambda ref: {"Id": ref}


def _capacity_providers(_stack, _logical_id, props, _unique):
    return props.get("Cluster", ""), lambda ref: {"Cluster": ref}


def _flow_log(_stack, _logical_id, _props, unique):
    return f"fl-{unique[:17]}", lambda ref: {"Id": ref}


def _of_secret(_stack, _logical_id, props, _unique):
    return props.get("SecretId", ""), lambda ref: {"Id": ref}


def _composite_alarm(stack, logical_id, props, _unique):
    name = props.get("AlarmName") or f"{stack}-{logical_id}"
    return name, lambda ref: {"Arn": _arn("cloudwatch", f"alarm:{ref}")}


def _query_definition(_stack, _logical_id, _props, _unique):
    return new_uuid(), lambda ref: {"QueryDefinitionId": ref}


def _listener_certificate(_stack, logical_id, props, _unique):
    return f"{props.get('ListenerArn', '')}|{logical_id}", lambda ref: {"Id": ref}


RECORDED = {
    "AWS::EC2::SecurityGroupIngress": _rule,
    "AWS::EC2::SecurityGroupEgress": _rule,
    "AWS::EC2::FlowLog": _flow_log,
    "AWS::ECS::ClusterCapacityProviderAssociations": _capacity_providers,
    "AWS::SecretsManager::ResourcePolicy": _of_secret,
    "AWS::SecretsManager::RotationSchedule": _of_secret,
    "AWS::CloudWatch::CompositeAlarm": _composite_alarm,
    "AWS::Logs::QueryDefinition": _query_definition,
    "AWS::ElasticLoadBalancingV2::ListenerCertificate": _listener_certificate,
}


def _recorder(describe):
    def create(logical_id, props, stack_name):
        ref, attributes = describe(stack_name, logical_id, props, new_uuid().replace("-", ""))
        return ref, attributes(ref)

    def update(physical_id, _old_props, new_props, stack_name):
        _, attributes = describe(stack_name, "", new_props, "")
        return physical_id, attributes(physical_id)

    return {"create": create, "update": update, "delete": lambda _physical_id, _props: None}


for _type, _describe in RECORDED.items():
    if _type in _handlers:
        raise GapError(f"gap {GAP}: MiniStack now makes {_type} itself. Drop it from the recorded types.")
    _handlers[_type] = _recorder(_describe)
