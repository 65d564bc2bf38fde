"""CloudFormation: TimeToLiveSpecification of a DynamoDB table.

AWS: switches time to live on.
MiniStack: ignores it in CloudFormation (UpdateTimeToLive works).
Filled: CloudFormation calls UpdateTimeToLive after it made or changed the table.
"""

from ministack.services import dynamodb
from ministack.services.cloudformation import provisioners

from ...patching import expect

GAP = "cloudformation.dynamodb_ttl"
_update_ttl = expect(GAP, dynamodb, "_update_ttl", ("data",))
_handlers = expect(GAP, provisioners, "_RESOURCE_HANDLERS")["AWS::DynamoDB::Table"]
_create, _update = _handlers["create"], _handlers["update"]


def _apply(table, specification):
    enabled = str(specification.get("Enabled", False)).lower() == "true"
    request = {
        "TableName": table,
        "TimeToLiveSpecification": {"Enabled": enabled, "AttributeName": specification["AttributeName"]},
    }
    status, _, body = _update_ttl(request)
    if status >= 400:
        raise ValueError(f"AWS::DynamoDB::Table TimeToLiveSpecification failed: {body!r}")


def _create_table(logical_id, props, stack_name):
    name, attributes = _create(logical_id, props, stack_name)
    if props.get("TimeToLiveSpecification"):
        _apply(name, props["TimeToLiveSpecification"])
    return name, attributes


def _update_table(physical_id, old_props, new_props, *rest):
    name, attributes = _update(physical_id, old_props, new_props, *rest)
    old, new = old_props.get("TimeToLiveSpecification"), new_props.get("TimeToLiveSpecification")
    if new != old or name != physical_id:
        if new:
            _apply(name, new)
        elif old:
            _apply(name, {**old, "Enabled": False})
    return name, attributes


_handlers.update(create=_create_table, update=_update_table)
