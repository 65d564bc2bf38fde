/** Names of the rows that another benchmark reads. */
export const METRIC = 'request on a sleeping cluster to its answer';
export const TRANSITIONS = 'state transitions per wake, all machines together';
