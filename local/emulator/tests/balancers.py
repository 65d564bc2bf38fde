"""A load balancer for the ELBv2 tests."""


def load_balancer(aws):
    elb = aws.client("elbv2")
    arn = elb.create_load_balancer(Name=aws.name("lb"), Subnets=["subnet-1", "subnet-2"])["LoadBalancers"][0]
    return arn["LoadBalancerArn"]


def target_group(aws, **fields):
    return aws.client("elbv2").create_target_group(
        **{"Name": aws.name("tg"), "Protocol": "HTTP", "Port": 19530, "VpcId": "vpc-1", "TargetType": "ip", **fields}
    )["TargetGroups"][0]


def listener(aws, balancer, *groups, **fields):
    config = {"TargetGroups": [{"TargetGroupArn": arn, "Weight": weight} for arn, weight in groups]}
    return aws.client("elbv2").create_listener(
        **{
            "LoadBalancerArn": balancer,
            "Protocol": "HTTP",
            "Port": 80,
            "DefaultActions": [{"Type": "forward", "ForwardConfig": config}],
            **fields,
        }
    )["Listeners"][0]
