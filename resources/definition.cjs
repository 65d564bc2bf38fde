// Gives serverless.yml the state machines as text, one property a file: `${file(resources/definition.cjs):create-cluster}`.
// (`${file(x.asl.json)}` would give an object, in which CloudFormation's DefinitionSubstitutions do not work.)
const { readdirSync, readFileSync } = require('node:fs');
const { join } = require('node:path');

const folder = join(__dirname, '..', 'statemachines');
const SUFFIX = '.asl.json';

module.exports = Object.fromEntries(
  readdirSync(folder)
    .filter((file) => file.endsWith(SUFFIX))
    .map((file) => [
      file.slice(0, -SUFFIX.length),
      // Without the line breaks: smaller, and the same text on every system.
      () => JSON.stringify(JSON.parse(readFileSync(join(folder, file), 'utf8'))),
    ]),
);
