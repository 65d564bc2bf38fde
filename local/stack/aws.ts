/** AWS clients that speak to this copy's emulator, whatever the environment of the calling process says. */
import { awsEnvironment, type LocalSettings } from '../settings.ts';

interface ClientConfig {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

export function clientConfig(settings: LocalSettings): ClientConfig {
  const env = awsEnvironment(settings);
  return {
    endpoint: env['AWS_ENDPOINT_URL'] ?? '',
    region: settings.region,
    credentials: { accessKeyId: env['AWS_ACCESS_KEY_ID'] ?? '', secretAccessKey: env['AWS_SECRET_ACCESS_KEY'] ?? '' },
  };
}

export function awsClient<Client>(settings: LocalSettings, Class: new (config: ClientConfig) => Client): Client {
  return new Class(clientConfig(settings));
}
