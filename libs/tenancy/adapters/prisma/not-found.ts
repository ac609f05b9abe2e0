// The refusals for what is not there. They repeat a name only as quoted JSON and no longer than a line.
import type { AdministrationRefusal } from '../../index.js';

/** No tenant of this id or slug. */
export function tenantNotFound(named: string): AdministrationRefusal {
  return {
    code: 'tenant_not_found',
    message: `There is no tenant ${shown(named)}. \`tenant list\` shows their slugs and ids.`,
  };
}

/** A tenant that was put away. */
export function tenantArchived(slug: string): AdministrationRefusal {
  return { code: 'does_not_hold', message: `Tenant ${slug} is archived for good: make a new one.` };
}

/** No pool of this id or slug. */
export function poolNotFound(named: string): AdministrationRefusal {
  return {
    code: 'pool_not_found',
    message: `There is no pool ${shown(named)}. \`pool list\` shows their slugs and ids.`,
  };
}

/** No such key of this tenant; another tenant may have it, which is not said. */
export function keyNotFound(named: string): AdministrationRefusal {
  return { code: 'key_not_found', message: `This tenant has no key ${shown(named)}. \`key list\` shows their ids.` };
}

/** No such client secret of this tenant. */
export function secretNotFound(named: string): AdministrationRefusal {
  return { code: 'secret_not_found', message: `This tenant has no client secret ${shown(named)}.` };
}

/** No issuer of this name or id. */
export function issuerNotFound(named: string): AdministrationRefusal {
  return { code: 'issuer_not_found', message: `There is no issuer ${shown(named)}. List them to see their names.` };
}

function shown(named: string): string {
  return JSON.stringify(named.slice(0, 80));
}
