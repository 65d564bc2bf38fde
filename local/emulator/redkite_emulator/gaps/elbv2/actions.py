"""ELBv2: forward actions with several target groups and weights.

AWS: a forward action has a ForwardConfig with target groups, weights and stickiness; TargetGroupArn beside it only when
there is one group. A target group knows the load balancers that use it.
MiniStack: drops ForwardConfig (the API keeps no target group at all, CloudFormation the first one); knows only the load
balancers of a listener's default action, and never forgets one. Does not escape a fixed response's body.
Filled: every forward action is kept with its ForwardConfig, from both sides; users are worked out when asked for.
"""

from xml.sax.saxutils import escape

from ministack.services import alb
from ministack.services.cloudformation import provisioners

from ...patching import expect, replaces

GAP = "elbv2.actions"
expect(GAP, alb, "_p", ("params", "key", "default"))


def normalise(action, config):
    """The action with its ForwardConfig; `config` is what the caller gave, if anything."""
    if action["Type"].lower() != "forward":
        return action
    groups = [
        {"TargetGroupArn": group["TargetGroupArn"], "Weight": int(group.get("Weight", 1))}
        for group in (config or {}).get("TargetGroups") or []
    ]
    if not groups and action.get("TargetGroupArn"):
        groups = [{"TargetGroupArn": action["TargetGroupArn"], "Weight": 1}]
    action.pop("TargetGroupArn", None)
    if len(groups) == 1:
        action["TargetGroupArn"] = groups[0]["TargetGroupArn"]
    stickiness = (config or {}).get("TargetGroupStickinessConfig") or {"Enabled": False}
    action["ForwardConfig"] = {"TargetGroups": groups, "TargetGroupStickinessConfig": stickiness}
    return action


def _read_config(params, base):
    groups = []
    while arn := alb._p(params, f"{base}.TargetGroups.member.{len(groups) + 1}.TargetGroupArn"):
        weight = alb._p(params, f"{base}.TargetGroups.member.{len(groups) + 1}.Weight", "1")
        groups.append({"TargetGroupArn": arn, "Weight": int(weight)})
    config = {"TargetGroups": groups}
    enabled = alb._p(params, f"{base}.TargetGroupStickinessConfig.Enabled")
    if enabled:
        stickiness = {"Enabled": enabled.lower() == "true"}
        duration = alb._p(params, f"{base}.TargetGroupStickinessConfig.DurationSeconds")
        if duration:
            stickiness["DurationSeconds"] = int(duration)
        config["TargetGroupStickinessConfig"] = stickiness
    return config


@replaces(GAP, alb, "_parse_actions", ("params", "prefix"))
def parse_actions(original, params, prefix="DefaultActions"):
    return [
        normalise(action, _read_config(params, f"{prefix}.member.{number}.ForwardConfig"))
        for number, action in enumerate(original(params, prefix), 1)
    ]


@replaces(GAP, provisioners, "_elbv2_listener_actions", ("props", "lb_arn", "prop"))
def listener_actions(original, props, lb_arn, prop="DefaultActions"):
    given = [action for action in props.get(prop) or [] if isinstance(action, dict)]
    actions = original(props, lb_arn, prop)
    return [normalise(action, source.get("ForwardConfig")) for action, source in zip(actions, given)]


@replaces(GAP, alb, "_action_xml", ("a",))
def action_xml(original, a):
    response = a.get("FixedResponseConfig")
    if response:
        a = {**a, "FixedResponseConfig": {**response, "MessageBody": escape(str(response.get("MessageBody", "")))}}
    xml = original(a)
    config = a.get("ForwardConfig")
    if not config:
        return xml
    groups = "".join(
        f"<member><TargetGroupArn>{group['TargetGroupArn']}</TargetGroupArn><Weight>{group['Weight']}</Weight></member>"
        for group in config["TargetGroups"]
    )
    stickiness = config["TargetGroupStickinessConfig"]
    inner = f"<Enabled>{str(stickiness.get('Enabled', False)).lower()}</Enabled>"
    if stickiness.get("DurationSeconds"):
        inner += f"<DurationSeconds>{stickiness['DurationSeconds']}</DurationSeconds>"
    return (
        xml.removesuffix("</member>") + f"<ForwardConfig><TargetGroups>{groups}</TargetGroups>"
        f"<TargetGroupStickinessConfig>{inner}</TargetGroupStickinessConfig></ForwardConfig></member>"
    )


def refresh_users():
    """Writes to each target group which load balancers can send it requests."""
    users = {arn: set() for arn in alb._tgs.keys()}
    for rule in alb._rules.values():
        listener = alb._listeners.get(rule["ListenerArn"])
        if listener is None:
            continue
        for action in rule["Actions"]:
            for group in action.get("ForwardConfig", {}).get("TargetGroups", []):
                users.setdefault(group["TargetGroupArn"], set()).add(listener["LoadBalancerArn"])
    for arn, group in alb._tgs.items():
        group["LoadBalancerArns"] = sorted(users[arn])


@replaces(GAP, alb, "_describe_tgs", ("params",), tables=(alb._ACTION_MAP,))
def describe_tgs(original, params):
    refresh_users()
    return original(params)
