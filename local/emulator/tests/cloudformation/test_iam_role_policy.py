"""Gap cloudformation.iam_role_policy."""


def resources(role, action):
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]}
    properties = {"RoleName": role, "PolicyName": "inline", "PolicyDocument": document}
    return {"Policy": {"Type": "AWS::IAM::RolePolicy", "Properties": properties}}


def test_the_policy_is_really_on_the_role(aws):
    iam, role = aws.client("iam"), aws.name("role")
    iam.create_role(RoleName=role, AssumeRolePolicyDocument='{"Version": "2012-10-17", "Statement": []}')

    def allowed():
        document = iam.get_role_policy(RoleName=role, PolicyName="inline")["PolicyDocument"]
        return document["Statement"][0]["Action"]

    stack, _ = aws.deploy(resources(role, "s3:GetObject"))
    assert allowed() == "s3:GetObject"
    aws.deploy(resources(role, "s3:PutObject"), stack)
    assert allowed() == "s3:PutObject"
    aws.remove(stack)
    assert iam.list_role_policies(RoleName=role)["PolicyNames"] == []
