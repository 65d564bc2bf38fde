"""ELBv2: everything in one answer, and a word when it changes (GET /_redkite/elbv2).

AWS: the load balancer is told by the control plane.
MiniStack: its own data path is not used here (no health checks, no gRPC, one target an address).
Filled: a revision that grows with every changing call, by API or by CloudFormation or by an ECS service.
"""

import copy

from ministack.services import alb
from ministack.services.cloudformation import provisioners

from ... import admin
from ...patching import expect, replaces
from ...revision import Revision, bumping
from .actions import refresh_users

GAP = "elbv2.state"
revision = Revision()

for _action, _handler in list(expect(GAP, alb, "_ACTION_MAP").items()):
    if not _action.startswith("Describe"):
        alb._ACTION_MAP[_action] = bumping(revision, _handler)
for _type, _handlers in expect(GAP, provisioners, "_RESOURCE_HANDLERS").items():
    if _type.startswith("AWS::ElasticLoadBalancingV2::"):
        _handlers.update({step: bumping(revision, call) for step, call in _handlers.items() if callable(call)})


def _bumped(original, *args, **kwargs):
    return bumping(revision, original)(*args, **kwargs)


replaces(GAP, alb, "set_targets_for_group", ("tg_arn", "targets", "previous_ids"))(_bumped)
replaces(GAP, alb, "reset", ())(_bumped)


def read():
    refresh_users()
    state = {
        "LoadBalancers": [{**lb, "Attributes": alb._lb_attrs.get(arn, [])} for arn, lb in alb._lbs.items()],
        "Listeners": list(alb._listeners.values()),
        "Rules": list(alb._rules.values()),
        "TargetGroups": [
            {**group, "Attributes": alb._tg_attrs.get(arn, []), "Targets": alb._targets.get(arn, [])}
            for arn, group in alb._tgs.items()
        ],
    }
    return copy.deepcopy(state)


admin.state_route("/_redkite/elbv2", revision, read)
