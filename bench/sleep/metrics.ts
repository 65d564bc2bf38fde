/** Names of the rows that another benchmark reads. */
export const METRIC = 'sleep, from the request to the last container gone';
export const TRANSITIONS = 'state transitions per sleep, all machines together';
