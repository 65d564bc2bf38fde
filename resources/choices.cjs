// What serverless.yml and resources/ say differently for some parameters: `${file(resources/choices.cjs):taskSubnets}`.
const { repositoryOf } = require('./ecr.cjs');

const refs = (...ids) => ids.map((id) => ({ Ref: id }));
const from =
  (choose) =>
  async ({ resolveVariable }) =>
    choose((name) => resolveVariable(`param:${name}`));
/** From private subnets the ways out are a NAT gateway or endpoints; otherwise each task has a public address, or your VPC has a way. */
const isPrivate = (outbound) => outbound === 'nat' || outbound === 'endpoints';

module.exports = {
  taskSubnets: from(async (param) =>
    isPrivate(await param('outbound'))
      ? refs('PrivateSubnetA', 'PrivateSubnetB', 'PrivateSubnetC')
      : refs('SubnetA', 'SubnetB', 'SubnetC'),
  ),
  /** The load balancer stands in public ones, unless it is an internal one. */
  entrySubnets: from(async (param) => {
    const given = await param('entrySubnetIds');
    return given === '' ? refs('SubnetA', 'SubnetB', 'SubnetC') : given.split(',');
  }),
  assignPublicIp: from(async (param) => ((await param('outbound')) === 'public' ? 'ENABLED' : 'DISABLED')),
  routeTables: from(async (param) =>
    isPrivate(await param('outbound')) ? refs('RouteTable', 'PrivateRouteTable') : refs('RouteTable'),
  ),
  /** Files below resources/outbound. */
  privateSubnets: from(async (param) => (isPrivate(await param('outbound')) ? 'private-subnets' : 'none')),
  wayOut: from(async (param) => {
    const outbound = await param('outbound');
    return isPrivate(outbound) ? outbound : 'none';
  }),
  /** Repositories in ECR of the images that tasks are made of. */
  imageRepositories: from(async (param) => {
    const images = [await param('milvusImage'), await param('etcdImage')];
    return [...new Set(images.map(repositoryOf))].map((arn) => ({ 'Fn::Sub': arn }));
  }),
  objectsEncryption: from(async (param) => {
    const key = await param('keyArn');
    return key === '' ? { SSEAlgorithm: 'AES256' } : { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: key };
  }),
  registryEncryption: from(async (param) => {
    const key = await param('keyArn');
    return { SSEEnabled: true, ...(key === '' ? {} : { SSEType: 'KMS', KMSMasterKeyId: key }) };
  }),
  cpuArchitecture: from(async (param) => ((await param('architecture')) === 'arm64' ? 'ARM64' : 'X86_64')),
};
