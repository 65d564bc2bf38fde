/** The container of the emulator's own tests: small enough that a test of ECS measures ECS, and does what it is told. */
import { join } from 'node:path';
import { filesOf, type BuildContext, type Recipe } from './recipe.ts';

const files = filesOf('probe');

async function build(context: BuildContext): Promise<void> {
  await context.run('go', ['build', '-trimpath', '-ldflags', '-s -w', '-o', join(context.work, 'probe'), '.'], {
    cwd: files.folder,
    env: { CGO_ENABLED: '0', GOWORK: 'off' },
    missing: 'Install Go 1.22 or later.',
  });
  await context.containerfile();
}

export function probeRecipe(): Recipe {
  return { name: 'probe', version: files.version('go.mod', /^go (\S+)/m), inputs: files.inputs(), build };
}
