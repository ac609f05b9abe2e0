export {
  dueActions,
  GIVEN_UP,
  giveUpNotices,
  noticesDue,
  noticesStanding,
  type NoticesStanding,
  recordAction,
  strikePolicies,
  strikesDue,
  type DoneAction,
  type DueAction,
  type NoticesDue,
  type Strikes,
} from './automatic-actions.js';
export {
  lockPolicyVersion,
  moderationPoliciesOf,
  setModerationPolicy,
  setModerationPolicyIn,
  type PolicyVersion,
} from './policies.js';
export {
  findReviewItem,
  listReviewItems,
  stepReview,
  type ReviewCase,
  type ReviewFilter,
  type ReviewItem,
  type ReviewRefusal,
  type ReviewRequest,
} from './review-queue.js';
export { reviewDepth, reviewStatistics, type ReviewDepth, type ReviewStatistics } from './review-statistics.js';
export {
  ERASE_MS_MAX,
  eraseContent,
  sweepContent,
  type Erasure,
  type ErasureRequest,
  type ErasureSubject,
} from './erase-content.js';
export {
  EXPORT_MS_MAX,
  exportEndUser,
  readContentOfItem,
  type ContentReading,
  type EndUserExport,
  type KeptContent,
} from './kept-content.js';
export { findingCountsOfAllTenants, type FindingCount } from './finding-counts.js';
