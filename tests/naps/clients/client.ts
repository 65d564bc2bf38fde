/** What every client of the tests can do, whichever library is behind it: as its users call it, and never a second time. */
export const CLIENT_KINDS = ['node', 'python', 'rest'] as const;
export type ClientKind = (typeof CLIENT_KINDS)[number];

export interface TestClient {
  readonly kind: ClientKind;
  /** The id nearest to the vector of this one: itself, when it is there. */
  search(collection: string, id: number): Promise<number | undefined>;
  /** Acknowledged when it resolves. */
  insert(collection: string, ids: readonly number[]): Promise<void>;
  close(): Promise<void>;
}

export const VECTOR_FIELD = 'vector';
