"""CloudFormation: ReservedConcurrentExecutions of a Lambda function.

AWS: no more calls of the function run at a time; one above is throttled (TooManyRequestsException, 429).
MiniStack: ignores it in CloudFormation (PutFunctionConcurrency works, and is kept to).
Filled: CloudFormation calls PutFunctionConcurrency after it made or changed the function, and DeleteFunctionConcurrency when the
property is gone.
"""

from ministack.services import lambda_svc
from ministack.services.cloudformation import provisioners

from ...patching import expect

GAP = "cloudformation.reserved_concurrency"
_put = expect(GAP, lambda_svc, "_put_function_concurrency", ("func_name", "data"))
_remove = expect(GAP, lambda_svc, "_delete_function_concurrency", ("func_name",))
_handlers = expect(GAP, provisioners, "_RESOURCE_HANDLERS")["AWS::Lambda::Function"]
_create, _update = _handlers["create"], _handlers["update"]
PROPERTY = "ReservedConcurrentExecutions"


def _apply(function, props):
    reserved = props.get(PROPERTY)
    # A template may say the number as text.
    answer = _remove(function) if reserved is None else _put(function, {PROPERTY: int(reserved)})
    if answer[0] >= 400:
        raise ValueError(f"AWS::Lambda::Function {PROPERTY} failed: {answer[2]!r}")


def _create_function(logical_id, props, stack_name):
    name, attributes = _create(logical_id, props, stack_name)
    _apply(name, props)
    return name, attributes


def _update_function(physical_id, old_props, new_props, *rest):
    name, attributes = _update(physical_id, old_props, new_props, *rest)
    _apply(name, new_props)
    return name, attributes


_handlers.update(create=_create_function, update=_update_function)
