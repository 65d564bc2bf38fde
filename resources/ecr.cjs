// Where an image in ECR is: `123456789012.dkr.ecr.eu-central-1.amazonaws.com/milvus:v2.3.5`.
const IMAGE =
  /^(?<account>\d{12})\.dkr\.ecr\.(?<region>[a-z0-9-]+)\.amazonaws\.com(?:\.cn)?\/(?<repository>[a-z0-9][a-z0-9._/-]*)(?::[\w.-]+)?(?:@sha256:[0-9a-f]{64})?$/;

/** The ARN of its repository, for Fn::Sub; undefined for an image that is elsewhere. */
const repositoryOf = (image) => {
  const { account, region, repository } = IMAGE.exec(image)?.groups ?? {};
  return account === undefined ? undefined : `arn:\${AWS::Partition}:ecr:${region}:${account}:repository/${repository}`;
};

module.exports = { repositoryOf };
