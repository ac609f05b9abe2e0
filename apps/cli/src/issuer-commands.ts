// `issuer`: companies whose tokens app traffic may bring in place of a key.
import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { JwksInput, JWT_ALGORITHMS, type JwtAlgorithm } from '@trunkline/tenancy';
import {
  createJwtIssuer,
  listJwtIssuers,
  revokeJwtIssuer,
  type JwtIssuerRecord,
} from '@trunkline/tenancy/adapters/prisma';
import { z } from 'zod';
import { listOf, wholeIn } from './flag-values.js';
import type { Row } from './output.js';
import { done, type RunCommand } from './run-command.js';

const SKEW = { min: 0, max: 120 } as const;

/** Adds the commands to the program. */
export function addIssuerCommands(program: Command, run: RunCommand): void {
  const issuer = program.command('issuer').description('companies whose tokens (JWT) apps may bring in place of a key');
  issuer
    .command('create')
    .description('then say for each app which key its tokens act as: key create --jwt-issuer --jwt-subject')
    .requiredOption('--name <name>', 'what to call it here, such as corp')
    .requiredOption('--issuer <iss>', 'the claim iss, exactly')
    .requiredOption('--audience <audiences>', 'comma-separated; one of them must be in aud', listOf)
    .option('--jwks-url <url>', 'where its public keys are, https')
    .option('--jwks-file <file>', 'its public keys as a file, in place of an address')
    .option('--algorithms <algorithms>', `comma-separated; default RS256; of ${JWT_ALGORITHMS.join(', ')}`, listOf)
    .option('--tenant <tenant>', 'whose issuer it is: slug or id')
    .option('--tenant-claim <claim>', 'or the claim that names the tenant’s slug')
    .option('--app-claim <claim>', 'the claim that names the app; default sub')
    .option('--end-user-claim <claim>', 'the claim that names the end user; default: none')
    .option('--skew <seconds>', 'how far its clock may be from ours, 0 to 120; default 30', wholeIn(SKEW))
    .action((flags: IssuerFlags, command: Command) =>
      run(command, async (tenancy) => {
        const { audience, jwksFile, algorithms, skew, ...request } = flags;
        const created = await createJwtIssuer(tenancy, {
          ...request,
          audiences: audience,
          ...(jwksFile === undefined ? {} : { jwks: await jwksOf(jwksFile) }),
          ...(algorithms === undefined ? {} : { algorithms: algorithms.map(algorithmOf) }),
          ...(skew === undefined ? {} : { skewSeconds: skew }),
        });
        return [issuerRow(done(created))];
      }),
    );
  issuer
    .command('list')
    .action((_flags: object, command: Command) =>
      run(command, async (tenancy) => (await listJwtIssuers(tenancy)).map(issuerRow)),
    );
  issuer
    .command('revoke <issuer>')
    .description('by name or id, for ever, with the keys of its apps: their live sessions end within two seconds')
    .action((named: string, _flags: object, command: Command) =>
      run(command, async (tenancy) => [issuerRow(done(await revokeJwtIssuer(tenancy, named)))]),
    );
}

interface IssuerFlags {
  readonly name: string;
  readonly issuer: string;
  readonly audience: string[];
  readonly jwksUrl?: string;
  readonly jwksFile?: string;
  readonly algorithms?: string[];
  readonly tenant?: string;
  readonly tenantClaim?: string;
  readonly appClaim?: string;
  readonly endUserClaim?: string;
  readonly skew?: number;
}

async function jwksOf(path: string) {
  const text = await readFile(path, 'utf8');
  try {
    return JwksInput.parse(JSON.parse(text));
  } catch (error) {
    const what = error instanceof z.ZodError ? error.issues.map(({ message }) => message).join('; ') : 'it is not JSON';
    throw new Error(`--jwks-file ${path}: ${what}`, { cause: error });
  }
}

function algorithmOf(text: string): JwtAlgorithm {
  const known = JWT_ALGORITHMS.find((each) => each === text);
  if (known !== undefined) return known;
  throw new Error(`--algorithms ${text}: choose from ${JWT_ALGORITHMS.join(', ')}`);
}

function issuerRow({ id, name, issuer, audiences, keys, algorithms, tenant, ...claims }: JwtIssuerRecord): Row {
  return {
    ...{ id, name, status: claims.revokedAtMs === null ? 'active' : 'revoked', issuer, audiences, algorithms },
    keys: 'url' in keys ? keys.url : '(given)',
    tenant: 'id' in tenant ? tenant.id : `claim ${tenant.claim}`,
    ...{ app_claim: claims.appClaim, end_user_claim: claims.endUserClaim, skew_seconds: claims.skewSeconds },
  };
}
