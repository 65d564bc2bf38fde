"""Gap secrets_password."""

import json
import string


def test_the_generated_password_keeps_to_its_rules(aws):
    options = {
        "SecretStringTemplate": json.dumps({"username": "milvus"}),
        "GenerateStringKey": "password",
        "PasswordLength": 40,
        "ExcludePunctuation": True,
        "ExcludeCharacters": "aA0",
    }
    resource = {"Type": "AWS::SecretsManager::Secret", "Properties": {"GenerateSecretString": options}}
    stack, outputs = aws.deploy({"Secret": resource}, outputs={"Arn": {"Ref": "Secret"}})
    value = json.loads(aws.client("secretsmanager").get_secret_value(SecretId=outputs["Arn"])["SecretString"])
    assert value["username"] == "milvus"
    assert len(value["password"]) == 40
    assert set(value["password"]) <= set(string.ascii_letters + string.digits) - set("aA0")
    aws.remove(stack)
