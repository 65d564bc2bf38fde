/**
 * How the functions behind the API connect to AWS. By itself a client waits for an answer for ever, and then the gateway, which
 * waits for 29 s, answers in our place: neither why nor what to do. Three attempts of this length end before that.
 */
export const API_CLIENT = {
  requestHandler: { connectionTimeout: 2_000, requestTimeout: 6_000, throwOnRequestTimeout: true },
  maxAttempts: 3,
} as const;
