/** Errors of the API as problem+json (RFC 9457) with a stable `code`, and the fields that are wrong. */
export interface FieldError {
  /** Dotted path into the body, or the name of a parameter. */
  readonly field: string;
  readonly message: string;
}

interface ProblemFacts {
  readonly status: number;
  readonly title: string;
  /** Seconds after which the same request may be sent again; undefined where that alone helps nobody. */
  readonly retryAfter?: number;
}

export const PROBLEMS = {
  malformed_body: { status: 400, title: 'The body is not valid JSON' },
  invalid_request: { status: 422, title: 'The request has invalid fields' },
  cluster_exists: { status: 409, title: 'The cluster exists already' },
  cluster_not_found: { status: 404, title: 'There is no such cluster' },
  archive_not_found: { status: 404, title: 'There is no such archive' },
  archive_unusable: { status: 409, title: 'The archive cannot be used' },
  execution_not_found: { status: 404, title: 'There is no such execution' },
  wrong_phase: { status: 409, title: 'The cluster is not in a phase in which this can be done' },
  host_taken: { status: 409, title: 'The host name belongs to another cluster' },
  prices_unusable: { status: 409, title: 'The price table of the deployment cannot be used' },
  conflict: { status: 409, title: 'Somebody else changed the cluster at the same moment' },
  body_too_large: { status: 413, title: 'The body is too large' },
  internal: { status: 500, title: 'Redkite failed' },
  unavailable: { status: 503, title: 'Redkite cannot do this right now', retryAfter: 5 },
} as const satisfies Record<string, ProblemFacts>;

export type ProblemCode = keyof typeof PROBLEMS;

export const problemFacts = (code: ProblemCode): ProblemFacts => PROBLEMS[code];

export class Problem extends Error {
  readonly code: ProblemCode;
  readonly fields: readonly FieldError[];

  constructor(code: ProblemCode, detail: string, fields: readonly FieldError[] = [], options?: ErrorOptions) {
    super(detail, options);
    this.name = 'Problem';
    this.code = code;
    this.fields = fields;
  }
}

export interface ProblemBody {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: ProblemCode;
  readonly detail: string;
  readonly errors?: readonly FieldError[];
}

export function problemBody({ code, message, fields }: Problem): ProblemBody {
  const { status, title } = PROBLEMS[code];
  return {
    type: `urn:redkite:problem:${code}`,
    title,
    status,
    code,
    detail: message,
    ...(fields.length === 0 ? {} : { errors: fields }),
  };
}

export function clusterNotFound(name: string): Problem {
  return new Problem('cluster_not_found', `There is no cluster ${name}.`, [
    { field: 'name', message: 'is not the name of a cluster' },
  ]);
}
