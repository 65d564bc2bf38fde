/**
 * What is known of senders, paths and methods, as data: the reason stands beside each group. A sleeping cluster wakes for
 * use alone. Lists of patterns can be changed by parameters of the deployment, in which the word `defaults` stands for these.
 */

/** In the user agent, anywhere, in any case: they ask again and again, whoever does or does not use the cluster. */
export const IGNORED_AGENTS = [
  // Health checkers and monitors.
  'ELB-HealthChecker',
  'kube-probe',
  'GoogleHC',
  'Amazon-Route53-Health-Check-Service',
  'Prometheus',
  'Blackbox',
  'grpc_health_probe',
  'Datadog',
  'UptimeRobot',
  'Better Uptime',
  'Pingdom',
  'StatusCake',
  'Site24x7',
  'check_http',
  'HealthCheck',
  // Scanners and crawlers.
  'zgrab',
  'masscan',
  'nmap',
  'nuclei',
  'nikto',
  'sqlmap',
  'CensysInspect',
  'Expanse',
  'InternetMeasurement',
  'l9explore',
  'libredtail',
  'Shodan',
  'Googlebot',
  'bingbot',
  'GPTBot',
  'AhrefsBot',
  'SemrushBot',
] as const;

/** Health, metrics, what browsers ask for on the side, and what scanners look for. Compared with the path in lower case. */
export const IGNORED_PATHS = [
  '/health*',
  '/livez*',
  '/readyz*',
  '/ping',
  '/status',
  '/metrics*',
  '/v1/health*',
  '/api/v1/health*',
  '/favicon.ico',
  '/apple-touch-icon*',
  '/robots.txt',
  '/sitemap*',
  '/ads.txt',
  '/.*',
  '/*/.git/*',
  '/*.php*',
  '/*.asp*',
  '/*.jsp*',
  '/*.cgi*',
  '/wp-*',
  '/cgi-bin/*',
  '/phpmyadmin*',
  '/actuator*',
  '/server-status',
  '/boaform*',
  '/hnap1*',
  '/solr*',
  '/owa/*',
  '/vendor/*',
  '/manager/html',
] as const;

/** Milvus' own REST API: anything else that no browser asks for wakes nobody. */
export const USED_PATHS = ['/v1/*', '/v2/*', '/api/v1/*'] as const;

export const MILVUS_SERVICE = '/milvus.proto.milvus.MilvusService/';

/**
 * Methods of Milvus' service that ask how it is and not what it holds; monitors call them by the minute. They start no wake,
 * but are held like others while the cluster is on its way.
 *
 * Not among them: `Connect`. SDKs send it first, wait for it, and fail without it, so it cannot be told from the first use.
 */
export const POLLING_METHODS: ReadonlySet<string> = new Set([
  'GetVersion',
  'CheckHealth',
  'GetComponentStates',
  'GetMetrics',
  'ListClientInfos',
]);
