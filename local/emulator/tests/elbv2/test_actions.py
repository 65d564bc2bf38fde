"""Gap elbv2.actions."""

import balancers


def test_weights_are_kept_in_listeners_and_rules(aws):
    elb, balancer = aws.client("elbv2"), balancers.load_balancer(aws)
    one, two = (balancers.target_group(aws)["TargetGroupArn"] for _ in range(2))
    made = balancers.listener(aws, balancer, (one, 9), (two, 1))
    config = elb.describe_listeners(ListenerArns=[made["ListenerArn"]])["Listeners"][0]["DefaultActions"][0]
    assert [(g["TargetGroupArn"], g["Weight"]) for g in config["ForwardConfig"]["TargetGroups"]] == [(one, 9), (two, 1)]
    assert "TargetGroupArn" not in config
    rule = elb.create_rule(
        ListenerArn=made["ListenerArn"],
        Priority=5,
        Conditions=[{"Field": "host-header", "HostHeaderConfig": {"Values": ["demo.example"]}}],
        Actions=[{"Type": "forward", "TargetGroupArn": one}],
    )["Rules"][0]["RuleArn"]
    elb.modify_rule(
        RuleArn=rule,
        Actions=[{"Type": "forward", "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": two, "Weight": 3}]}}],
    )
    found = elb.describe_rules(RuleArns=[rule])["Rules"][0]
    assert found["Actions"][0]["TargetGroupArn"] == two
    assert found["Actions"][0]["ForwardConfig"]["TargetGroups"] == [{"TargetGroupArn": two, "Weight": 3}]
    assert found["Conditions"][0]["Values"] == ["demo.example"]
    elb.set_rule_priorities(RulePriorities=[{"RuleArn": rule, "Priority": 7}])
    assert elb.describe_rules(RuleArns=[rule])["Rules"][0]["Priority"] == "7"
    both = elb.describe_target_groups(TargetGroupArns=[one, two])["TargetGroups"]
    assert all(group["LoadBalancerArns"] == [balancer] for group in both)
    elb.delete_listener(ListenerArn=made["ListenerArn"])
    assert elb.describe_target_groups(TargetGroupArns=[one])["TargetGroups"][0]["LoadBalancerArns"] == []


def test_a_fixed_response_may_hold_anything(aws):
    body = '{"a": "<&>"}'
    fixed = {"StatusCode": "503", "ContentType": "application/json", "MessageBody": body}
    made = balancers.listener(
        aws,
        balancers.load_balancer(aws),
        DefaultActions=[{"Type": "fixed-response", "FixedResponseConfig": fixed}],
    )
    assert made["DefaultActions"][0]["FixedResponseConfig"] == fixed


def test_cloudformation_keeps_weights_and_certificates(aws):
    elb, balancer = aws.client("elbv2"), balancers.load_balancer(aws)
    one, two = (balancers.target_group(aws)["TargetGroupArn"] for _ in range(2))
    certificate = "arn:aws:acm:eu-central-1:000000000000:certificate/1"

    def resources(weight):
        groups = [{"TargetGroupArn": one, "Weight": weight}, {"TargetGroupArn": two, "Weight": 100 - weight}]
        return {
            "Listener": {
                "Type": "AWS::ElasticLoadBalancingV2::Listener",
                "Properties": {
                    "LoadBalancerArn": balancer,
                    "Port": 443,
                    "Protocol": "HTTPS",
                    "Certificates": [{"CertificateArn": certificate}],
                    "DefaultActions": [{"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}],
                },
            },
            "Rule": {
                "Type": "AWS::ElasticLoadBalancingV2::ListenerRule",
                "Properties": {
                    "ListenerArn": {"Ref": "Listener"},
                    "Priority": 3,
                    "Conditions": [{"Field": "host-header", "Values": ["a.example"]}],
                    "Actions": [{"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}],
                },
            },
        }

    stack, _ = aws.deploy(resources(60))
    for weight in (60, 100):
        if weight == 100:
            aws.deploy(resources(weight), stack)
        found = elb.describe_listeners(LoadBalancerArn=balancer)["Listeners"][0]
        assert found["Certificates"][0]["CertificateArn"] == certificate
        rules = elb.describe_rules(ListenerArn=found["ListenerArn"])["Rules"]
        for action in (found["DefaultActions"][0], *(rule["Actions"][0] for rule in rules)):
            assert [group["Weight"] for group in action["ForwardConfig"]["TargetGroups"]] == [weight, 100 - weight]
    aws.remove(stack)
    assert elb.describe_listeners(LoadBalancerArn=balancer)["Listeners"] == []
