/**
 * Single source of truth for the ids of log events worth searching for. Messages may be reworded; these stay, because
 * saved queries and alarms use them.
 */
export const LOG_EVENTS = {
  stepFailed: 'step.failed',
  requestRefused: 'request.refused',
  requestFailed: 'request.failed',
  phaseChanged: 'phase.changed',
  taskObserved: 'task.observed',
  taskIgnored: 'task.ignored',
  barrierReleased: 'barrier.released',
  barrierBroken: 'barrier.broken',
  quorumAssessed: 'quorum.assessed',
  quorumChanged: 'quorum.changed',
  replacementStarted: 'replacement.started',
  replacementFinished: 'replacement.finished',
  executionSettled: 'execution.settled',
  archiveTaken: 'archive.taken',
  archiveRemoved: 'archive.removed',
  changesShipped: 'changes.shipped',
  shippingFailed: 'changes.not-shipped',
  quorumTroubled: 'quorum.troubled',
  watchFailed: 'quorum.not-watched',
  executionRequested: 'execution.requested',
  requestStarted: 'request.started',
  requestDropped: 'request.dropped',
  requestNotStarted: 'request.not-started',
  recoveryPlanned: 'recovery.planned',
  metadataRestored: 'metadata.restored',
  activityUnseen: 'activity.unseen',
  activitySeen: 'activity.seen',
} as const;
