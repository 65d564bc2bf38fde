/** What the document says of every operation, whatever else it may answer. */
import { PROBLEMS } from '../../../functions/common/http/problem.ts';
import { openapiDocument } from '../../../local/openapi.ts';

interface Response {
  readonly description: string;
  readonly headers?: Readonly<Record<string, { readonly schema: unknown }>>;
}
interface Operation {
  readonly operationId: string;
  readonly responses: Readonly<Record<string, Response>>;
}
const paths = openapiDocument().paths as unknown as Readonly<Record<string, Readonly<Record<string, Operation>>>>;
const operations = Object.values(paths).flatMap((path) => Object.values(path));

test.each(operations.map((operation) => [operation.operationId, operation] as const))(
  '%s may fail, and may have to be tried again',
  (_, { responses }) => {
    expect(responses['500']).toMatchObject({ description: expect.stringContaining('`internal`') as string });
    expect(responses['503']).toMatchObject({
      description: expect.stringContaining('`unavailable`') as string,
      headers: { 'Retry-After': { schema: { type: 'integer' }, example: PROBLEMS.unavailable.retryAfter } },
    });
  },
);

test('only what may be tried again says when', () => {
  const saying = operations.flatMap(({ responses }) =>
    Object.entries(responses)
      .filter(([status, { headers }]) => Number(status) >= 400 && headers !== undefined)
      .map(([status]) => status),
  );
  expect(new Set(saying)).toEqual(new Set(['503']));
});
