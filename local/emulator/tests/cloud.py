"""What the tests do with the emulator over and over: deploy a function, a machine, a template; follow events."""

import io
import itertools
import json
import time
import urllib.error
import urllib.request
import zipfile

import boto3
from botocore.config import Config

TIMEOUT_S = 20
POLL_S = 0.02
ROLE = "arn:aws:iam::000000000000:role/test"


def until(look, what, timeout=TIMEOUT_S):
    """The first true answer of `look`; the API has nothing to wait on, so it is asked until the deadline."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(POLL_S)
    raise AssertionError(f"{what}: not within {timeout} s")


class Cloud:
    def __init__(self, emulator, region):
        self.emulator = emulator
        self.url = emulator.url
        self.region = region
        self._numbers = itertools.count(1)
        self._clients = {}

    def name(self, prefix):
        return f"{prefix}-{next(self._numbers)}"

    def client(self, service):
        if service not in self._clients:
            self._clients[service] = boto3.client(
                service,
                endpoint_url=self.url,
                region_name=self.region,
                aws_access_key_id="local",
                aws_secret_access_key="local",
                config=Config(retries={"max_attempts": 0}, inject_host_prefix=False),
            )
        return self._clients[service]

    def admin(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}{path}", method=method, data=data)
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as response:
            return json.load(response)

    def function(self, source, timeout=5):
        """A function of one ES module; returns its ARN."""
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr(zipfile.ZipInfo("index.mjs"), source)  # without the time: same source, same bytes
        return self.client("lambda").create_function(
            FunctionName=self.name("fn"),
            Runtime="nodejs24.x",
            Handler="index.handler",
            Role=ROLE,
            Timeout=timeout,
            Code={"ZipFile": packed.getvalue()},
        )["FunctionArn"]

    def invoke(self, arn, payload=None):
        answer = self.client("lambda").invoke(FunctionName=arn, Payload=json.dumps(payload or {}))
        return answer.get("FunctionError"), json.load(answer["Payload"])

    def machine(self, states, start, **fields):
        definition = {"QueryLanguage": "JSONata", "StartAt": start, "States": states, **fields}
        return self.client("stepfunctions").create_state_machine(
            name=self.name("machine"), definition=json.dumps(definition), roleArn=ROLE
        )["stateMachineArn"]

    def start(self, machine, payload=None, **fields):
        return self.client("stepfunctions").start_execution(
            stateMachineArn=machine, input=json.dumps(payload if payload is not None else {}), **fields
        )["executionArn"]

    def finished(self, execution):
        def look():
            description = self.client("stepfunctions").describe_execution(executionArn=execution)
            return description if description["status"] != "RUNNING" else None

        return until(look, f"end of {execution}")

    def run(self, states, start, payload=None, **fields):
        return self.finished(self.start(self.machine(states, start, **fields), payload))

    def deploy(self, resources, stack=None, outputs=None):
        """Creates the stack, or updates it when it is there; returns its name and its outputs."""
        cloudformation = self.client("cloudformation")
        template = {"Resources": resources, "Outputs": {k: {"Value": v} for k, v in (outputs or {}).items()}}
        call = cloudformation.update_stack if stack else cloudformation.create_stack
        stack = stack or self.name("stack")
        call(StackName=stack, TemplateBody=json.dumps(template), Capabilities=["CAPABILITY_NAMED_IAM"])
        return stack, self._settled(stack)

    def _settled(self, stack):
        def look():
            found = self.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
            return None if found["StackStatus"].endswith("IN_PROGRESS") else found

        found = until(look, f"stack {stack}")
        assert found["StackStatus"] in ("CREATE_COMPLETE", "UPDATE_COMPLETE"), found
        return {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])}

    def remove(self, stack):
        cloudformation = self.client("cloudformation")
        cloudformation.delete_stack(StackName=stack)

        def gone():
            try:
                return cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"] == "DELETE_COMPLETE"
            except cloudformation.exceptions.ClientError:
                return True

        until(gone, f"deletion of {stack}")

    def follow(self, pattern):
        """The events that match from now on: a function that returns those that arrived since it was asked last."""
        queue, rule = self.name("queue"), self.name("rule")
        url = self.client("sqs").create_queue(QueueName=queue)["QueueUrl"]
        arn = f"arn:aws:sqs:{self.region}:000000000000:{queue}"
        self.client("events").put_rule(Name=rule, EventPattern=json.dumps(pattern))
        self.client("events").put_targets(Rule=rule, Targets=[{"Id": "queue", "Arn": arn}])

        def receive():
            answer = self.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10)
            for message in answer.get("Messages", []):
                self.client("sqs").delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            return [json.loads(message["Body"]) for message in answer.get("Messages", [])]

        return receive

    def collect(self, receive, enough, what):
        """Everything `receive` brings until `enough(events)`."""
        events = []

        def look():
            events.extend(receive())
            return enough(events)

        until(look, what)
        return events
