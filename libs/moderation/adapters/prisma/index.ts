export { moderationPoliciesOf, setModerationPolicy, type PolicyVersion } from './policies.js';
