import { isDebian, missingPackages } from '../../../../local/setup/system-packages.ts';

test.each([
  ['nothing known', '', ['podman', 'runc']],
  ['one installed', 'podman installed\n', ['runc']],
  ['removed, configuration left behind', 'podman config-files\nrunc installed\n', ['podman']],
  ['all installed', 'runc installed\npodman installed', []],
])('missing packages: %s', (_name, dpkg, expected) => {
  expect(missingPackages(['podman', 'runc'], dpkg)).toEqual(expected);
});

test.each([
  ['PRETTY_NAME="Debian"\nID=debian\n', true],
  ['ID=ubuntu\nID_LIKE=debian\n', true],
  ['ID=fedora\nVARIANT_ID=debian\n', false],
  ['', false],
])('%j is Debian: %s', (osRelease, expected) => {
  expect(isDebian(osRelease)).toBe(expected);
});
