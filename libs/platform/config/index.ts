export { ConfigRefused, loadConfig, OPENAI_URL, type Config, type LoadedConfig } from './config.js';
export type { ClusterRedis, RedisAddress, RedisNode, SentinelRedis } from './redis-address.js';
export { relayOverrides, type Given } from './overrides.js';
export { helpText, printConfig } from './print-config.js';
export { loadProcessConfig, processEnvironment } from './process-config.js';
export type { SettingKey, Settings, Switch } from './settings.js';
