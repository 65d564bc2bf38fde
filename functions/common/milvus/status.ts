/** What Milvus says of a call: a refusal comes as a status, not as an error. */
export interface Status {
  readonly error_code?: string | number | undefined;
  readonly reason?: string | undefined;
}

/** Its reason, or undefined when all went well. */
export function refusal({ error_code: code, reason }: Status): string | undefined {
  return code === 'Success' || code === 0 ? undefined : (reason ?? 'no reason given');
}

/** Throws where Milvus refused; `what` is the call. */
export function checked(what: string, status: Status): void {
  const reason = refusal(status);
  if (reason !== undefined) throw new Error(`${what}: ${reason}`);
}
