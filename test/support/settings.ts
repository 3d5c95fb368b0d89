import { readConfig, settingsOf } from '../../src/config/config.ts';

/** The groups of settings that use cases take, with the defaults of a demonstration. */
export const settings = settingsOf(readConfig({ DEMO: '1', SECRET_KEYS: 'k'.repeat(32) }));
