"""CloudFormation: alarms on several metrics (metric math).

AWS: makes them.
MiniStack: refuses the whole stack ("metric math is not supported").
Filled: kept as records with the Ref and the attribute AWS documents. Nothing alarms locally anyway: no metric of a service is
written here.
"""

from ministack.core.responses import get_account_id, get_region
from ministack.services.cloudformation import provisioners

from ...patching import expect

GAP = "cloudformation.metric_math"
_handlers = expect(GAP, provisioners, "_RESOURCE_HANDLERS")["AWS::CloudWatch::Alarm"]
_create, _update, _delete = _handlers["create"], _handlers["update"], _handlers["delete"]


def _recorded(name):
    return name, {"Arn": f"arn:aws:cloudwatch:{get_region()}:{get_account_id()}:alarm:{name}"}


def _create_alarm(logical_id, props, stack_name):
    if not props.get("Metrics"):
        return _create(logical_id, props, stack_name)
    return _recorded(props.get("AlarmName") or f"{stack_name}-{logical_id}")


def _update_alarm(physical_id, old_props, new_props, stack_name, logical_id):
    if not old_props.get("Metrics") and not new_props.get("Metrics"):
        return _update(physical_id, old_props, new_props, stack_name, logical_id)
    _delete_alarm(physical_id, old_props)
    return _create_alarm(logical_id, {"AlarmName": physical_id, **new_props}, stack_name)


def _delete_alarm(physical_id, props):
    if not props.get("Metrics"):
        _delete(physical_id, props)


_handlers.update(create=_create_alarm, update=_update_alarm, delete=_delete_alarm)
