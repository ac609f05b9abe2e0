export { moderationPoliciesOf, setModerationPolicy, type PolicyVersion } from './policies.js';
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
