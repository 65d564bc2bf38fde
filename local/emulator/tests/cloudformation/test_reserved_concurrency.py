"""Gap cloudformation.reserved_concurrency."""

import concurrent.futures

SLOW = "exports.handler = async () => { await new Promise((resolve) => setTimeout(resolve, 3000)); return 'done'; };"


def function(reserved):
    properties = {
        "Runtime": "nodejs24.x",
        "Handler": "index.handler",
        "Role": "arn:aws:iam::000000000000:role/test",
        "Timeout": 10,
        "Code": {"ZipFile": SLOW},
    }
    if reserved is not None:
        properties["ReservedConcurrentExecutions"] = reserved
    return {"Function": {"Type": "AWS::Lambda::Function", "Properties": properties}}


def test_a_call_above_the_bound_is_throttled_until_the_bound_is_gone(aws):
    client = aws.client("lambda")

    def outcomes(calls):
        def call(_):
            try:
                return client.invoke(FunctionName=name)["StatusCode"]
            except client.exceptions.TooManyRequestsException as error:
                return error.response["ResponseMetadata"]["HTTPStatusCode"]

        with concurrent.futures.ThreadPoolExecutor(calls) as pool:
            return sorted(pool.map(call, range(calls)))

    stack, outputs = aws.deploy(function("2"), outputs={"Name": {"Ref": "Function"}})
    name = outputs["Name"]
    assert outcomes(5) == [200, 200, 429, 429, 429]
    aws.deploy(function(3), stack, outputs={"Name": {"Ref": "Function"}})
    assert client.get_function_concurrency(FunctionName=name)["ReservedConcurrentExecutions"] == 3
    aws.deploy(function(None), stack, outputs={"Name": {"Ref": "Function"}})
    assert "ReservedConcurrentExecutions" not in client.get_function_concurrency(FunctionName=name)
    aws.remove(stack)
