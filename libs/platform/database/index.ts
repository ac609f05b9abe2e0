export { assertDatabaseReachable, DatabaseUnreachable } from './connect.js';
export { againWhenLost } from './lost-transaction.js';
export { isDatabaseUnavailable, isSerialisationFailure, isUniqueViolation, sqlStateOf } from './database-error.js';
export { DatabaseUrlRefused, parseDatabaseUrl, type DatabaseUrl } from './database-url.js';
export { Prisma } from './generated/client.js';
export { migrate, type MigrationReport } from './migrate.js';
export { MigrationRefused } from './migration-files.js';
export { openDatabase, type Database, type DatabaseOptions } from './open-database.js';
export {
  amountText,
  instantText,
  keyIdText,
  numberText,
  poolIdText,
  priceVersionIdText,
  sessionIdText,
  tenantIdText,
  wholeText,
  type Queryable,
} from './queryable.js';
export { literal, withSnapshot, type CopiedRow, type Snapshot, type SnapshotOptions } from './snapshot.js';
export { TENANT_ROLE, TENANTS_SETTING, tenantsText } from './tenant-role.js';
