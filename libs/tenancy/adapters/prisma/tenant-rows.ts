// Tenants kept apart by PostgreSQL. What is asked for by somebody whose roles are for single tenants runs as the role
// `trunkline_tenant`, which sees the rows of those tenants and of nobody else, whatever the statement says: a read that forgets
// its tenant answers less, never more. Which tenants these are is said once, where the request is let in, and goes along with all
// that the request does. Who may do something for the whole company is not confined.
import { AsyncLocalStorage } from 'node:async_hooks';
import { TENANT_ROLE, TENANTS_SETTING, tenantsText, type Database } from '@trunkline/platform/database';
import { viewOf, type Tx, type Work, type Options } from './database-view.js';

/** Which tenants' rows a piece of work may touch. One for a process. */
export class TenantRows {
  readonly #works = new AsyncLocalStorage<{ tenants: readonly string[] | null }>();
  #isAble = false;
  #askAgainMs = 0;

  /**
   * @param db as it is below all views
   * @param onProblem hears what keeps the database from confining anybody (`tenantRowsProblem`). Until that is mended nobody is
   * confined, and the routes alone keep tenants apart
   */
  constructor(
    private readonly db: Database,
    private readonly onProblem: (problem: string) => void,
  ) {}

  /** Runs work that is confined once it says to whom (`confineTo`). */
  begin<T>(work: () => T): T {
    return this.#works.run({ tenants: null }, work);
  }

  /** From here on, all that this piece of work does touches rows of these tenants only. @throws Error outside of `begin` */
  confineTo(tenants: readonly string[]): void {
    const work = this.#works.getStore();
    if (work === undefined) throw new Error('nobody began the work that is to be confined');
    work.tenants = tenants;
  }

  /** Runs work confined to these tenants; null: to none, as for the company. */
  within<T>(tenants: readonly string[] | null, work: () => T): T {
    return this.#works.run({ tenants }, work);
  }

  /** Whose rows the work under way may touch; null: everybody's. */
  async tenants(): Promise<readonly string[] | null> {
    const { tenants } = this.#works.getStore() ?? { tenants: null };
    return tenants !== null && (await this.isAble()) ? tenants : null;
  }

  /** Whether the database confines. */
  async isAble(): Promise<boolean> {
    if (this.#isAble || performance.now() < this.#askAgainMs) return this.#isAble;
    const problem = await tenantRowsProblem(this.db);
    this.#isAble = problem === null;
    this.#askAgainMs = performance.now() + ASK_AGAIN_MS;
    if (problem !== null) this.onProblem(problem);
    return this.#isAble;
  }

  /** The database, on which work that is confined runs in transactions as `trunkline_tenant`. */
  view(): Database {
    const transaction = async (work: Work, options?: Options): Promise<unknown> => {
      const tenants = await this.tenants();
      if (tenants === null) return this.db.$transaction(work, options);
      return this.db.$transaction(async (tx) => {
        await takeTenantRole(tx, tenants);
        return work(tx);
      }, options);
    };
    return viewOf(this.db, transaction, () => (this.#works.getStore()?.tenants ?? null) !== null);
  }
}

/**
 * Does what is the company's in a transaction that may be confined: the record of changes, say. The transaction is as it was
 * afterwards. Work that fails leaves it to be rolled back.
 */
export async function asCompany<T>(tx: Tx, work: () => Promise<T>): Promise<T> {
  const [before] = await tx.$queryRaw<{ role: string }[]>`SELECT current_setting('role') AS "role"`;
  if (before?.role !== TENANT_ROLE) return work();
  await tx.$queryRaw`SELECT set_config('role', 'none', true)`;
  const done = await work();
  await tx.$queryRaw`SELECT set_config('role', ${TENANT_ROLE}, true)`;
  return done;
}

/** What keeps the database from confining, as what to do about it; null: nothing does. */
export async function tenantRowsProblem(db: Pick<Database, '$queryRaw'>): Promise<string | null> {
  const [server] = await db.$queryRaw<{ version: number; exists: boolean; isDone: boolean }[]>`
    SELECT current_setting('server_version_num')::int AS version,
           EXISTS (SELECT FROM pg_roles WHERE rolname = ${TENANT_ROLE}) AS exists,
           EXISTS (SELECT FROM pg_policy WHERE polrelid = to_regclass('tenant') AND polname = 'of_tenant') AS "isDone"`;
  if (server === undefined || server.version < VERSION_MIN) return 'Use PostgreSQL 16 or newer.';
  const protect = 'as the owner of the tables: SELECT protect_tenant_rows();';
  if (!server.exists) return `As an administrator: CREATE ROLE ${TENANT_ROLE} NOLOGIN NOINHERIT; then, ${protect}`;
  if (!server.isDone) return `Run the migrations, or ${protect}`;
  const [role] = await db.$queryRaw<{ isRight: boolean; login: string }[]>`
    SELECT pg_has_role(${TENANT_ROLE}, 'SET') AND (rolsuper OR NOT pg_has_role(${TENANT_ROLE}, 'USAGE')) AS "isRight",
           rolname::text AS login
      FROM pg_roles WHERE rolname = current_user`;
  if (role?.isRight === true) return null;
  return `As an administrator: GRANT ${TENANT_ROLE} TO "${role?.login}" WITH INHERIT FALSE, SET TRUE;`;
}

// The first in which a role can be taken by who does not inherit it.
const VERSION_MIN = 160_000;
const ASK_AGAIN_MS = 10_000;

// One statement: settings of the transaction, gone with it.
async function takeTenantRole(tx: Tx, tenants: readonly string[]): Promise<void> {
  await tx.$queryRaw`
    SELECT set_config(${TENANTS_SETTING}, ${tenantsText(tenants)}, true), set_config('role', ${TENANT_ROLE}, true)`;
}
