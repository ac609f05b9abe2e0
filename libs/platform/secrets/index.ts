export * from './secret-file.js';
export { installedPepper, ownPepper } from './pepper.js';
export { secretSeal, type SecretSeal } from './seal.js';
