import type { Keys } from '../../platform/keys.ts';
import type { Database } from '../../platform/postgres/database.ts';
import { deleteDraft, readDraft, writeDraft } from './draft-store.ts';
import type { Typed } from './form.ts';
import type { RequisitesSettings } from './settings.ts';

export interface DraftDeps {
  readonly database: Database;
  readonly keys: Keys;
  readonly requisitesSettings: RequisitesSettings;
}

const form = 'requisites';

/** Stores what was typed when its session had expired, sealed and for the same holder only. */
export async function keepDraft(
  { database, keys, requisitesSettings }: DraftDeps,
  holderId: string,
  typed: Typed,
): Promise<void> {
  const sealed = keys.seal('draft', `${holderId} ${form}`, JSON.stringify(typed));
  await writeDraft(database, holderId, form, sealed, requisitesSettings.draftHours);
}

/** The draft that was kept, if it has not expired. */
export async function findDraft(
  { database, keys }: Pick<DraftDeps, 'database' | 'keys'>,
  holderId: string,
): Promise<{ readonly typed: Typed; readonly expiresAt: Date } | undefined> {
  const draft = await readDraft(database, holderId, form);
  const opened = draft && keys.open('draft', `${holderId} ${form}`, draft.sealed);
  return opened === undefined || !draft
    ? undefined
    : { typed: JSON.parse(opened) as Typed, expiresAt: draft.expiresAt };
}

export function discardDraft({ database }: Pick<DraftDeps, 'database'>, holderId: string): Promise<void> {
  return deleteDraft(database, holderId, form);
}
