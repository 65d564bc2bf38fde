/** Environment variables are read once, when a function starts, and a missing one ends it there with its name. */
export function requiredEnv(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === '') throw new Error(`The environment variable ${name} is not set.`);
  return value;
}

/** Undefined when not set or empty (CloudFormation cannot leave a variable out, so "" means none). */
export function optionalEnv(name: string): string | undefined {
  const value = process.env[name];
  return value === undefined || value === '' ? undefined : value;
}

export function listEnv(name: string): string[] {
  return requiredEnv(name).split(',');
}
