// What a deployment was given takes the place of what it would make: the resources go, and whatever refers to them says the given
// thing itself. So the files of resources/ and serverless.yml know nothing of it. Pure.

/** By logical id: what `Ref` and each attribute of the resource are now. Resources with neither are only gone. */
function givenBy({ vpcId, subnetIds, objectsBucket, messagesArn, ...more }) {
  const subnets = subnetIds.split(',');
  return {
    ...(vpcId === ''
      ? {}
      : {
          Vpc: { Ref: vpcId },
          ...Object.fromEntries(['SubnetA', 'SubnetB', 'SubnetC'].map((id, n) => [id, { Ref: subnets[n] }])),
          ...Object.fromEntries(
            ['RoutesOfSubnetA', 'RoutesOfSubnetB', 'RoutesOfSubnetC', 'RouteTable', 'DefaultRoute']
              .concat(['InternetGateway', 'GatewayAttachment', 'ObjectsEndpoint', 'RegistryEndpoint'])
              .map((id) => [id, {}]),
          ),
        }),
    ...(messagesArn === ''
      ? {}
      : {
          Messages: { Ref: messagesArn },
          MessagesSecret: { Ref: more.messagesSecretArn, Id: more.messagesSecretArn },
          MessagesKey: { Arn: more.messagesKeyArn },
          MessagesSecurityGroup: { GroupId: more.messagesSecurityGroupId },
          ...{ MessagesConfiguration: {}, MessagesUsers: {}, MessagesLogGroup: {} },
        }),
    ...(objectsBucket === ''
      ? {}
      : {
          Objects: { Ref: objectsBucket, Arn: { 'Fn::Sub': `arn:\${AWS::Partition}:s3:::${objectsBucket}` } },
          ObjectsPolicy: {},
        }),
  };
}

/** The template without what is given. Fails where something refers to a given resource by what nobody said. */
function give({ Resources, ...rest }, given) {
  const made = Object.fromEntries(
    Object.entries(Resources)
      .filter(([id]) => !(id in given))
      .map(([id, { DependsOn, ...resource }]) => {
        const left = [DependsOn ?? []].flat().filter((other) => !(other in given));
        return [id, { ...resource, ...(left.length === 0 ? {} : { DependsOn: left }) }];
      }),
  );
  return replaced({ ...rest, Resources: made }, given);
}

function replaced(value, given) {
  if (Array.isArray(value)) return value.map((item) => replaced(item, given));
  if (typeof value !== 'object' || value === null) return value;
  if (typeof value.Ref === 'string' && value.Ref in given) return valueOf(given, value.Ref, 'Ref');
  const attribute = value['Fn::GetAtt'];
  if (attribute !== undefined) {
    const [id, ...name] = Array.isArray(attribute) ? attribute : attribute.split('.');
    if (id in given) return valueOf(given, id, name.join('.'));
  }
  const text = value['Fn::Sub'];
  if (typeof text === 'string') return { 'Fn::Sub': inText(text, given) };
  if (Array.isArray(text)) return { 'Fn::Sub': [inText(text[0], given), replaced(text[1], given)] };
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, replaced(item, given)]));
}

function inText(text, given) {
  return text.replace(/\$\{([A-Za-z0-9]+)(?:\.([A-Za-z0-9.]+))?\}/g, (whole, id, attribute) => {
    if (!(id in given)) return whole;
    const value = valueOf(given, id, attribute ?? 'Ref');
    return typeof value === 'string' ? value : value['Fn::Sub'];
  });
}

function valueOf(given, id, attribute) {
  const value = given[id][attribute];
  if (value === undefined) throw new Error(`The deployment is given ${id}, and something needs its ${attribute}.`);
  return value;
}

module.exports = { give, givenBy };
