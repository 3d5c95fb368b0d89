import { demoByDefault } from './config.ts';
import { readSecretFiles } from './secret-files.ts';
import { type Environment, readSettings, type Setting, settings } from './settings.ts';

/** A setting as `kabinet config` shows it: its source, and its value unless it is secret. */
export interface ShownSetting {
  readonly name: string;
  readonly meaning: string;
  readonly default: string;
  readonly source: 'environment' | 'file' | 'default' | 'made and kept in VAR_DIR';
  /** Undefined for a secret. */
  readonly value: string | undefined;
}

/** Keys that are made and kept where they are not set. */
const keptNames: readonly string[] = ['SECRET_KEYS', 'RECEIPT_KEYS'];

/**
 * Every setting with its meaning, default and source, for `kabinet config`. Never the value of a
 * secret.
 */
export function showConfig(given: Environment): {
  readonly settings: readonly ShownSetting[];
  readonly faults: readonly string[];
} {
  const { environment, fromFile, faults: unread } = readSecretFiles(given);
  const { faults } = readSettings(environment);
  const shown = Object.entries<Setting>(settings).map(([name, setting]): ShownSetting => {
    const value = environment[name];
    const set = value !== undefined && value !== '';
    const madeHere = keptNames.includes(name) && !set && !environment['DATABASE_URL'];
    const fallback = name === 'DEMO' ? (demoByDefault(environment) ? '1' : '0') : setting.default;
    return {
      name,
      meaning: setting.meaning,
      default: setting.default,
      source: fromFile.has(name)
        ? 'file'
        : set
          ? 'environment'
          : madeHere
            ? 'made and kept in VAR_DIR'
            : 'default',
      value: setting.secret ? undefined : set ? value : fallback,
    };
  });
  return { settings: shown, faults: [...unread, ...faults] };
}
