export { PrismaSpendRecords } from './spend-records.js';
