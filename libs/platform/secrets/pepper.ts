// The secret under which API keys are stored. Every process of an installation must have the same one: a key hashed under
// another is a key that nobody can use.
import { join } from 'node:path';
import type { Config } from '../config/index.js';
import { layoutOf } from '../data-folder/index.js';
import { readSecret, secretFile } from './secret-file.js';

type PepperSettings = Pick<Config, 'keyPepper' | 'dataDir'>;

const pepperFile = (dataDir: string): string => join(layoutOf(dataDir).secretsDir, 'pepper');

/** The pepper that was given or is in the data folder; made there on first use. For the process that installs. */
export async function ownPepper({ keyPepper, dataDir }: PepperSettings): Promise<string> {
  return keyPepper ?? (await secretFile(pepperFile(dataDir)));
}

/** The pepper of an installation that exists. @throws Error that says what to set, when there is none. */
export async function installedPepper({ keyPepper, dataDir }: PepperSettings): Promise<string> {
  const pepper = keyPepper ?? (await readSecret(pepperFile(dataDir)));
  if (pepper !== null) return pepper;
  throw new Error(
    `there is no installation in ${dataDir}: start one with \`npm start\`, give the --data-dir of one, or set ` +
      'TRUNKLINE_KEY_PEPPER to that of its gateways',
  );
}
