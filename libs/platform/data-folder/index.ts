export { DataFolderRefused, layoutOf, openDataFolder, type DataFolder } from './data-folder.js';
export { FolderLocked, type LockOptions } from './lock.js';
