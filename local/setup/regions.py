"""Regions of AWS that offer every service of the template, by botocore's list of endpoints, a line each.

Of the partition `aws` alone: the others have other names for S3 (serverless.yml, `objectsAddress`). What a list of endpoints cannot
say: the template needs three availability zones, of which us-west-1 gives new accounts two.
"""
import botocore.session

SERVICES = (
    "apigatewayv2", "cloudwatch", "dynamodb", "ec2", "ecs", "elbv2", "events", "kafka", "kms", "lambda", "logs", "s3",
    "secretsmanager", "servicediscovery", "sqs", "stepfunctions", "xray",
)

session = botocore.session.get_session()
print("\n".join(sorted(set.intersection(*(set(session.get_available_regions(name)) for name in SERVICES)))))
