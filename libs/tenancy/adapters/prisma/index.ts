export { archiveKey, archiveTenant } from './archive.js';
export { atVersion, NOT_STORED, type EditedThing } from './at-version.js';
export {
  IDEMPOTENCY_MS,
  MadeBefore,
  onceOnly,
  OtherRequest,
  sweepIdempotentRequests,
  type RepeatableRequest,
} from './once-only.js';
export {
  KEY_STATES,
  pageOfKeys,
  pageOfTenants,
  TENANT_STATES,
  type KeyState,
  type Page,
  type PageOf,
  type TenantState,
} from './pages.js';
export { within } from './transacting.js';
export { rotateKey, type RotatedKey } from './rotate-key.js';
export { findKey } from './api-keys.js';
export { findShare } from './shares.js';
export { createKey, listKeys, resumeKey, revokeKey, suspendKey, updateKey } from './api-keys.js';
export { listClientSecrets, PrismaClientSecrets, revokeClientSecret, sweepClientSecrets } from './client-secrets.js';
export type { TenancyContext } from './context.js';
export { createJwtKey, createJwtIssuer, listJwtIssuers, revokeJwtIssuer, type JwtIssuerRecord } from './jwt-issuers.js';
export { listKeyShares, removeKeyShare, setKeyShare, type KeyShareHolder } from './key-shares.js';
export type { ShareHolder } from './locks.js';
export {
  applyTierPreset,
  createPool,
  drainPool,
  ensurePool,
  findPool,
  listPools,
  setPoolCap,
  undrainPool,
  updatePool,
  type PoolContext,
  type PresetPool,
} from './pools.js';
export { allowEndUser, refusedEndUsersOf, refuseEndUser, type EndUserRefusal } from './end-users.js';
export { removePool, type RemovalLook, type RemovedPool } from './remove-pool.js';
export { tenantNotFound } from './not-found.js';
export { PrismaPolicySource } from './prisma-policy-source.js';
export { askSessionEnds } from './session-ends.js';
export { listShares, removeShare, setShare } from './shares.js';
export { activateTenant, createTenant, findTenant, listTenants, suspendTenant, updateTenant } from './tenants.js';
export { listAudit, recordAudit, verifyAudit, wholeAudit, type AuditQuery, type RecordedEntry } from './audit.js';
export { TenantRows, tenantRowsProblem } from './tenant-rows.js';
export { audited, guarded, unguarded, type AuditedChange } from './audited.js';
export {
  ADMIN_SESSION_MS_MAX,
  endAdminSession,
  findAdminSession,
  openAdminSession,
  STEP_UP_MS,
  type SessionContext,
} from './admin-sessions.js';
export { recordRefusedSignIn, signInByGroups, type VouchedMember } from './group-sign-in.js';
export { OWN_ISSUER, signInByLink } from './bootstrap-owner.js';
export {
  createToken,
  findByToken,
  listTokens,
  revokeToken,
  TOKEN_DAYS_MAX,
  type ApiTokenRecord,
  type TokenMaker,
  type TokenRequest,
  type WhoseTokens,
} from './api-tokens.js';
export { disableMember, enableMember, grantRole, listMembers, revokeRole, type MemberRecord } from './members.js';
