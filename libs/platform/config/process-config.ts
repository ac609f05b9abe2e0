// The one file that reads the environment and the command line of the process.
import { readFileSync } from 'node:fs';
import { loadConfig, type LoadedConfig } from './config.js';

/**
 * The settings of this process.
 * @param args flags, by default those of the command line.
 * @throws ConfigRefused with all problems.
 */
export function loadProcessConfig(args: readonly string[] = process.argv.slice(2)): LoadedConfig {
  return loadConfig(args, { env: process.env, readTextFile: (path) => readFileSync(path, 'utf8') });
}

/** The environment, for programs whose settings are an app's and not Trunkline's (`talk` reads what the OpenAI SDK reads). */
export function processEnvironment(): NodeJS.ProcessEnv {
  return process.env;
}
