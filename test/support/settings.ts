import { readConfig, settingsOf } from '../../src/config/config.ts';

/** The groups of settings for use cases, with the defaults of a demonstration. */
export const settings = settingsOf(readConfig({ DEMO: '1', SECRET_KEYS: 'k'.repeat(32) }));
