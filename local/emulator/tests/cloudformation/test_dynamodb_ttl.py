"""Gap cloudformation.dynamodb_ttl."""


def table(attribute):
    properties = {
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "BillingMode": "PAY_PER_REQUEST",
    }
    if attribute:
        properties["TimeToLiveSpecification"] = {"AttributeName": attribute, "Enabled": True}
    return {"Table": {"Type": "AWS::DynamoDB::Table", "Properties": properties}}


def test_time_to_live_is_switched_on_changed_and_off(aws):
    def found(name):
        return aws.client("dynamodb").describe_time_to_live(TableName=name)["TimeToLiveDescription"]

    stack, outputs = aws.deploy(table("expiresAt"), outputs={"Name": {"Ref": "Table"}})
    assert found(outputs["Name"]) == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expiresAt"}
    aws.deploy(table(None), stack, outputs={"Name": {"Ref": "Table"}})
    assert found(outputs["Name"])["TimeToLiveStatus"] == "DISABLED"
    aws.remove(stack)
