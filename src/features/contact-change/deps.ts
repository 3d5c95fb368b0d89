import type { Keys } from '../../platform/keys.ts';
import type { Database } from '../../platform/postgres/database.ts';
import type { CodeSettings } from '../codes/settings.ts';
import type { ContactSettings } from './settings.ts';

export interface ContactChangeDeps {
  readonly database: Database;
  readonly keys: Keys;
  readonly contactSettings: ContactSettings;
  readonly codeSettings: CodeSettings;
}
