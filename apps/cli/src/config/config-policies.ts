// Moderation policies of a file: compared with their secrets opened, set as `moderation set` does.
import { parseModerationPolicy, withSecretsSealed } from '@trunkline/moderation';
import { moderationPoliciesOf, setModerationPolicy } from '@trunkline/moderation/adapters/prisma';
import { checkPolicy } from '@trunkline/moderation/adapters/rules';
import { parseId } from '@trunkline/kernel';
import type { SecretSeal } from '@trunkline/platform/secrets';
import { isDeepStrictEqual } from 'node:util';
import { ConfigRefused, type Policies } from './apply-run.js';

/** The policies of an installation with this seal. */
export function configPolicies({ seal, open }: SecretSeal, actor: string): Policies {
  return {
    async set(db, id, wanted, path) {
      const tenantId = parseId('tnt', id);
      if (tenantId === null) throw new Error(`${id} is no id of a tenant`);
      const parsed = checkPolicy(wanted, (sealed) => open(sealed, tenantId));
      if (!parsed.ok) throw new ConfigRefused(path, parsed.error.join('; '));
      const [inForce] = await moderationPoliciesOf(db, tenantId);
      const stored = parseModerationPolicy(inForce?.policy);
      const opened = stored.ok ? withSecretsSealed(stored.value, (sealed) => open(sealed, tenantId) ?? sealed) : null;
      if (
        isDeepStrictEqual(
          opened,
          withSecretsSealed(parsed.value, (secret) => secret),
        )
      )
        return 'same';
      await setModerationPolicy(db, tenantId, { policy: parsed.value, actor, seal });
      return 'set';
    },
  };
}
