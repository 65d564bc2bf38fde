"""ELBv2: target groups, their targets, and the targets' health.

AWS: a target group keeps its ProtocolVersion and a gRPC matcher; a target is an address *and* a port; its health is
what the load balancer's checks say: `initial` until the first of them, `unused` while no listener uses the group.
MiniStack: loses ProtocolVersion and GrpcCode; one port an address; every target is healthy.
Filled: kept. Our load balancer makes the checks and reports them (POST /_redkite/target-health).
"""

from xml.sax.saxutils import escape

from ministack.core.responses import get_account_id, request_scope
from ministack.services import alb
from ministack.services.cloudformation import provisioners

from ... import admin
from ...patching import expect, replaces
from .actions import refresh_users

GAP = "elbv2.target_groups"
GRPC_HEALTH_PATH = "/AWS.ALB/healthcheck"
GRPC_HEALTHY = "12"
DEFAULT_ATTRIBUTES = {
    "deregistration_delay.timeout_seconds": "300",
    "stickiness.enabled": "false",
    "stickiness.type": "lb_cookie",
    "slow_start.duration_seconds": "0",
    "load_balancing.algorithm.type": "round_robin",
}
_health = {}


def _keep(group, version, path, http_code, grpc_code):
    group["ProtocolVersion"] = version or ("HTTP1" if group["Protocol"] in ("HTTP", "HTTPS") else None)
    if version == "GRPC":
        group["HealthCheckPath"] = path or GRPC_HEALTH_PATH
        group["Matcher"] = {"HttpCode": http_code} if http_code else {"GrpcCode": grpc_code or GRPC_HEALTHY}
    attributes = alb._tg_attrs.setdefault(group["TargetGroupArn"], [])
    known = {attribute["Key"] for attribute in attributes}
    attributes += [{"Key": k, "Value": v} for k, v in DEFAULT_ATTRIBUTES.items() if k not in known]


def _keep_request(params, arn, path=None):
    group = alb._tgs[arn]
    _keep(
        group,
        alb._p(params, "ProtocolVersion") or group.get("ProtocolVersion"),
        alb._p(params, "HealthCheckPath") or path,
        alb._p(params, "Matcher.HttpCode"),
        alb._p(params, "Matcher.GrpcCode") or group["Matcher"].get("GrpcCode"),
    )


@replaces(GAP, alb, "_create_tg", ("params",), tables=(alb._ACTION_MAP,))
def create_tg(original, params):
    before = set(alb._tgs.keys())
    answer = original(params)
    for arn in set(alb._tgs.keys()) - before:
        _keep_request(params, arn)
        return alb._xml(200, "CreateTargetGroup", f"<TargetGroups>{alb._tg_xml(alb._tgs[arn])}</TargetGroups>")
    return answer


@replaces(GAP, alb, "_modify_tg", ("params",), tables=(alb._ACTION_MAP,))
def modify_tg(original, params):
    arn = alb._p(params, "TargetGroupArn")
    group = alb._tgs.get(arn)
    if group is None:
        return original(params)
    path = group["HealthCheckPath"]
    original(params)
    _keep_request(params, arn, path)
    return alb._xml(200, "ModifyTargetGroup", f"<TargetGroups>{alb._tg_xml(group)}</TargetGroups>")


@replaces(GAP, alb, "_tg_xml", ("tg",))
def tg_xml(original, tg):
    xml = original({**tg, "HealthCheckPath": escape(str(tg.get("HealthCheckPath", "/")))})
    if tg.get("Matcher", {}).get("GrpcCode"):
        start, end = xml.index("<Matcher>"), xml.index("</Matcher>")
        xml = xml[:start] + f"<Matcher><GrpcCode>{tg['Matcher']['GrpcCode']}</GrpcCode>" + xml[end:]
    if tg.get("ProtocolVersion"):
        xml = xml.removesuffix("</member>") + f"<ProtocolVersion>{tg['ProtocolVersion']}</ProtocolVersion></member>"
    return xml


def _keep_properties(props, arn):
    matcher = props.get("Matcher") or {}
    _keep(
        alb._tgs[arn],
        props.get("ProtocolVersion"),
        props.get("HealthCheckPath"),
        matcher.get("HttpCode"),
        matcher.get("GrpcCode"),
    )
    for target in props.get("Targets") or []:
        _register(arn, [{key: int(value) if key == "Port" else value for key, value in target.items()}])


_handlers = expect(GAP, provisioners, "_RESOURCE_HANDLERS")["AWS::ElasticLoadBalancingV2::TargetGroup"]
_create, _update = _handlers["create"], _handlers["update"]


def _create_from_template(logical_id, props, stack_name):
    arn, attributes = _create(logical_id, props, stack_name)
    _keep_properties(props, arn)
    return arn, attributes


def _update_from_template(physical_id, old_props, new_props, *rest):
    arn, attributes = _update(physical_id, old_props, new_props, *rest)
    _keep_properties(new_props, arn)
    return arn, attributes


_handlers.update(create=_create_from_template, update=_update_from_template)


def _key(group, target):
    return (target["Id"], None if group["TargetType"] == "lambda" else int(target.get("Port") or group["Port"]))


def _register(arn, targets):
    group = alb._tgs[arn]
    registered = alb._targets.setdefault(arn, [])
    known = {_key(group, target) for target in registered}
    for target in targets:
        key = _key(group, target)
        if key not in known:
            known.add(key)
            registered.append({"Id": key[0]} if key[1] is None else {"Id": key[0], "Port": key[1]})


@replaces(GAP, alb, "_register_targets", ("params",), tables=(alb._ACTION_MAP,))
def register_targets(original, params):
    arn = alb._p(params, "TargetGroupArn")
    if arn not in alb._tgs:
        return original(params)
    _register(arn, alb._parse_targets_param(params))
    return alb._empty("RegisterTargets")


@replaces(GAP, alb, "_deregister_targets", ("params",), tables=(alb._ACTION_MAP,))
def deregister_targets(original, params):
    arn = alb._p(params, "TargetGroupArn")
    if arn not in alb._tgs:
        return original(params)
    group = alb._tgs[arn]
    named = alb._parse_targets_param(params)
    # Without a port every registration of the address goes.
    whole = {target["Id"] for target in named if "Port" not in target}
    exact = {_key(group, target) for target in named}
    alb._targets[arn] = [
        target
        for target in alb._targets.get(arn, [])
        if target["Id"] not in whole and _key(group, target) not in exact
    ]
    for key in [key for key in _health if key[0] == arn and (key[1] in whole or key[1:] in exact)]:
        del _health[key]
    return alb._empty("DeregisterTargets")


def health_of(group, target):
    if not group["LoadBalancerArns"]:
        return {
            "state": "unused",
            "reason": "Target.NotInUse",
            "description": "Target group is not configured to receive traffic from the load balancer",
        }
    initial = {
        "state": "initial",
        "reason": "Elb.RegistrationInProgress",
        "description": "Target registration is in progress",
    }
    return _health.get((group["TargetGroupArn"], *_key(group, target)), initial)


@replaces(GAP, alb, "_describe_target_health", ("params",), tables=(alb._ACTION_MAP,))
def describe_target_health(original, params):
    arn = alb._p(params, "TargetGroupArn")
    if arn not in alb._tgs:
        return original(params)
    refresh_users()
    group = alb._tgs[arn]
    targets = alb._targets.get(arn, [])
    named = alb._parse_targets_param(params)
    if named:
        wanted = {_key(group, target) for target in named}
        targets = [target for target in targets if _key(group, target) in wanted]
    members = ""
    for target in targets:
        health = health_of(group, target)
        port = "" if "Port" not in target else f"<Port>{target['Port']}</Port>"
        check_port = group["HealthCheckPort"] if group["HealthCheckPort"] != "traffic-port" else target.get("Port", "")
        state = "".join(
            f"<{tag}>{escape(str(health[name]))}</{tag}>"
            for tag, name in (("State", "state"), ("Reason", "reason"), ("Description", "description"))
            if health.get(name)
        )
        members += (
            f"<member><Target><Id>{target['Id']}</Id>{port}</Target><HealthCheckPort>{check_port}</HealthCheckPort>"
            f"<TargetHealth>{state}</TargetHealth></member>"
        )
    return alb._xml(
        200, "DescribeTargetHealth", f"<TargetHealthDescriptions>{members}</TargetHealthDescriptions>"
    )


@admin.route("POST", "/_redkite/target-health")
def report_health(_query, body):
    """`{"targetGroupArn": ..., "targets": [{"id", "port", "state", "reason", "description"}]}`"""
    arn = body["targetGroupArn"]
    with request_scope(get_account_id(), admin.region()):
        if arn not in alb._tgs:
            raise ValueError(f"there is no target group {arn}")
        group = alb._tgs[arn]
        registered = {_key(group, target) for target in alb._targets.get(arn, [])}
    accepted = 0
    for target in body["targets"]:
        key = _key(group, {"Id": target["id"], "Port": target.get("port")})
        if key in registered:
            _health[(arn, *key)] = {name: target.get(name) for name in ("state", "reason", "description")}
            accepted += 1
    return {"accepted": accepted}
