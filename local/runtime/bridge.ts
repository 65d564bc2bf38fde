/** The bridge of the container network, which netavark makes with the first container (messages/messages.ts). */
import { execa } from 'execa';
import { bridgeName } from './configuration.ts';
import type { LocalSettings } from '../settings.ts';

/** Of the gateway's IPv4 address, as Docker makes them: locally administered, and no other copy's. */
export function bridgeAddress(gateway: string): string {
  const bytes = gateway.split('.').map((part) => Number(part).toString(16).padStart(2, '0'));
  return ['02', '42', ...bytes].join(':');
}

/**
 * Gives the bridge an address of its own. Without one Linux takes the lowest of all that is plugged in, so the gateway's changes
 * as containers come and go, and what they have just sent to the old one is lost: of DNS that costs 5 s, when glibc asks again.
 * In three starts of seven some roles were late by that, and all that wait for them at growing distances.
 */
export async function pinBridgeAddress(settings: LocalSettings): Promise<void> {
  const address = bridgeAddress(settings.network.gateway);
  await execa('ip', ['link', 'set', 'dev', bridgeName(settings), 'address', address]);
}
