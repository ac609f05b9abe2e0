// Alerting in PostgreSQL: rules and channels, the evaluation, and the queue of messages.
export { alertStanding, listAlerts, sweepAlerts, type AlertFilter, type AlertStanding } from './alerts.js';
export {
  createChannel,
  findChannel,
  listChannels,
  lockedChannelVersion,
  openedChannel,
  removeChannel,
  updateChannel,
  type ChannelSecret,
  type CreatedChannel,
} from './channels.js';
export type { AlertContext, ChannelSeal } from './context.js';
export {
  LEASE_MS,
  listDeliveries,
  markFailed,
  markSent,
  resendDelivery,
  takeDue,
  testChannel,
  type DeliveryFilter,
  type DueDelivery,
} from './deliveries.js';
export { evaluateAlerts, type AlertNews } from './evaluate.js';
export { createRule, findRule, kindsWatched, listRules, lockedRuleVersion, removeRule, updateRule } from './rules.js';
