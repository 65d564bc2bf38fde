/** `grpc-timeout` as gRPC over HTTP/2 writes it: at most eight digits and a unit. Pure. */
const UNIT_MS: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1_000, m: 1, u: 0.001, n: 0.000_001 };
const TIMEOUT = /^(\d{1,8})([HMSmun])$/;

/** Milliseconds; undefined when none is given or it is malformed, which is then as if none was given. */
export function grpcTimeoutMs(header: string | undefined): number | undefined {
  const [, digits, unit = ''] = TIMEOUT.exec(header ?? '') ?? [];
  const factor = UNIT_MS[unit];
  return digits === undefined || factor === undefined ? undefined : Number(digits) * factor;
}
