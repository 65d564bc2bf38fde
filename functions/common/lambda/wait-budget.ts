/** How long one invocation waits for something that sends no event, before it answers "not ready" and is called again. */
export const WAIT_BUDGET_MS = 20_000;
/** Between two looks. Milvus and etcd answer in a millisecond or two, so this bounds what is lost, not what is spent. */
export const WAIT_INTERVAL_MS = 100;
