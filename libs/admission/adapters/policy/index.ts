export { poolPlan, PoolPlans } from './pool-plans.js';
