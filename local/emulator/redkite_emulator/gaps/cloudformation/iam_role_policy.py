"""CloudFormation: AWS::IAM::RolePolicy.

AWS: an inline policy of one role, as a resource of its own.
MiniStack: unknown, the stack is refused.
Filled: PutRolePolicy and DeleteRolePolicy.
"""

import json

from ministack.services import iam
from ministack.services.cloudformation import provisioners

from ...patching import expect

GAP = "cloudformation.iam_role_policy"
_put = expect(GAP, iam, "_put_role_policy", ("p",))
_delete = expect(GAP, iam, "_delete_role_policy", ("p",))


def _query(**members):
    return {name: [value] for name, value in members.items()}


def _write(props):
    document = props.get("PolicyDocument", {})
    text = document if isinstance(document, str) else json.dumps(document)
    answer = _put(_query(RoleName=props["RoleName"], PolicyName=props["PolicyName"], PolicyDocument=text))
    if answer[0] >= 400:
        raise ValueError(f"AWS::IAM::RolePolicy {props['PolicyName']} was refused: {answer[2]!r}")
    return f"{props['PolicyName']}|{props['RoleName']}", {}


def _remove(props):
    role = iam._roles.get(props["RoleName"])
    if role and props["PolicyName"] in role["InlinePolicies"]:
        _delete(_query(RoleName=props["RoleName"], PolicyName=props["PolicyName"]))


def _update(physical_id, old_props, new_props, _stack_name):
    written = _write(new_props)
    if written[0] != physical_id:
        _remove(old_props)
    return written


expect(GAP, provisioners, "_RESOURCE_HANDLERS")["AWS::IAM::RolePolicy"] = {
    "create": lambda _logical_id, props, _stack_name: _write(props),
    "update": _update,
    "delete": lambda _physical_id, props: _remove(props),
}
