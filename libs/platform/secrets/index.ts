export * from './secret-file.js';
export { installedPepper, ownPepper } from './pepper.js';
