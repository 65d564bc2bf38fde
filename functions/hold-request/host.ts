/** A request's Host header as the load balancer compares it. Pure. */
import { CLUSTER_NAME_PATTERN } from '../common/cluster/names.ts';

const MOST = 253;
/** With the underscore: no rule can name it, but the * of `<name>.*` and of patterns matches it, so an open rule lets it in. */
const HOST = /^[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?$/;

/** Lower case, without a port and without the dot that may end a name. Undefined for what no cluster can be called. */
export function hostOf(header: string | undefined): string | undefined {
  const host = (header ?? '')
    .toLowerCase()
    .replace(/:\d{0,5}$/, '')
    .replace(/\.$/, '');
  return host.length <= MOST && HOST.test(host) ? host : undefined;
}

/** The name in `<name>.*`. */
export function clusterLabel(host: string): string | undefined {
  const [label = '', ...rest] = host.split('.');
  return rest.length > 0 && label.length <= 32 && CLUSTER_NAME_PATTERN.test(label) ? label : undefined;
}
