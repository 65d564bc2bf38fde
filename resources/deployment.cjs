// A plugin of the Serverless Framework: checks the parameters before anything else is looked at, and puts what a deployment was
// given (a VPC, an MSK, a bucket) in the place of what it would make.
const { problems } = require('./parameters.cjs');
const { give, givenBy } = require('./given.cjs');

/** As the framework takes them: the command line, then the stage's own, then the defaults. */
function readValues({ configurationInput, processedInput }, stage) {
  const { default: defaults = {}, [stage]: ofStage = {} } = configurationInput.params ?? {};
  const texts = (values) =>
    Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value ?? '')]));
  const line = Object.fromEntries(
    (processedInput.options.param ?? []).map((entry) => [
      entry.slice(0, entry.indexOf('=')),
      entry.slice(entry.indexOf('=') + 1).trimEnd(),
    ]),
  );
  const values = { ...texts(defaults), ...texts(ofStage), ...line };
  const unknown = Object.keys({ ...line, ...ofStage }).filter((name) => !(name in defaults));
  return { values, defaults: texts(defaults), unknown };
}

module.exports = class Deployment {
  constructor(serverless, options, { log } = {}) {
    const stage = options.stage ?? 'dev';
    const read = readValues(serverless, stage);
    const wrong = problems({ stage, ...read });
    if (wrong.length > 0) {
      throw new serverless.classes.Error(
        `${wrong.map((sentence) => `- ${sentence}`).join('\n')}\nNothing was changed. docs/deploy-aws.md explains the parameters.`,
        'PARAMETERS_DO_NOT_FIT',
      );
    }
    const { values } = read;
    this.hooks = {
      initialize: () => {
        if (values.certificateArn === '') {
          log?.warning(
            'No certificateArn: the load balancer will speak plain HTTP, for REST only. gRPC clients (pymilvus, the Node SDK) cannot connect, and nothing is encrypted on the way.',
          );
        }
      },
      // The framework has put resources/ in by then, and has not written the template yet.
      'after:aws:package:finalize:mergeCustomProviderResources': () => {
        const provider = serverless.service.provider;
        provider.compiledCloudFormationTemplate = give(provider.compiledCloudFormationTemplate, givenBy(values));
      },
    };
  }
};
