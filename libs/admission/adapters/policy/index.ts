export { poolNamed, poolStatusIn } from './pool-names.js';
export { poolPlan, PoolPlans } from './pool-plans.js';
