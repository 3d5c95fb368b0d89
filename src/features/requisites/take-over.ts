import { SenselessAnswer } from '../../fund/errors.ts';
import type { FundHolder } from '../../fund/port.ts';
import { randomName } from '../../platform/keys.ts';
import type { Database, Queryable } from '../../platform/postgres/database.ts';
import { lockHolder } from '../../platform/postgres/locks.ts';
import type { ChangeEntry } from '../changes/change.ts';
import { writeBranchChange } from '../changes/store.ts';
import { newContact, touchedChannels } from '../contact-change/contact.ts';
import { notifyChanged, type Recipient } from '../contact-change/contact-notices.ts';
import { formerRecipients, moveRecoveryContact, restOtherChannel } from '../contact-change/recovery-store.ts';
import type { ContactSettings } from '../contact-change/settings.ts';
import { channels } from '../notices/channel.ts';
import { differences } from './column-store.ts';
import { channelFields, type Requisites } from './fields/fields.ts';
import {
  hasRequisites,
  insertRecoveryContact,
  insertRequisites,
  languageOf,
  lockRequisites,
  type StoredRequisites,
  writeFromBranch,
} from './store.ts';

export interface TakeOverDeps {
  readonly database: Database;
  readonly contactSettings: ContactSettings;
}

/**
 * Creates our copy of a holder's requisites at the first read. At every later read, takes over what
 * a branch has changed since. Raises the revision when anything differs.
 * @throws SenselessAnswer when there is no copy and the fund's requisites cannot be read, because
 *   an empty copy would stay empty
 */
export async function takeOver(
  { database, contactSettings: { waitHours } }: TakeOverDeps,
  holderId: string,
  fund: FundHolder,
  requestId: string,
): Promise<StoredRequisites> {
  return database.transaction(async (transaction) => {
    await lockHolder(transaction, holderId);
    const isFirst = await copyFirst(transaction, holderId, fund, waitHours);
    const current = await lockRequisites(transaction, holderId);
    if (isFirst) return current;

    const newer = fund.changesElsewhere.filter(({ version }) => version > current.elsewhereVersion);
    const last = newer.at(-1);
    if (!last) return current;
    const values: Partial<Requisites> = Object.assign({}, ...newer.map(({ fields }) => fields));
    const entries = differences(current.values, values);
    const revision = entries.length > 0 ? current.revision + 1 : current.revision;
    const taken = { ...current, revision, elsewhereVersion: last.version };
    const before = await formerRecipients(transaction, holderId, current.values);
    await writeFromBranch(transaction, holderId, entries, taken);
    if (entries.length > 0) {
      const number = randomName(12);
      await writeBranchChange(transaction, { holderId, number, revision, entries, requestId });
      await followContacts(transaction, holderId, before, entries, waitHours);
    }
    return { ...taken, values: { ...current.values, ...values } };
  });
}

/** Creates our copy if there is none, with its recovery contacts. Returns true when it did. */
async function copyFirst(
  transaction: Queryable,
  holderId: string,
  fund: FundHolder,
  waitHours: number,
): Promise<boolean> {
  const { requisites } = fund;
  if (!requisites) {
    if (!(await hasRequisites(transaction, holderId))) throw new SenselessAnswer('FUND_ANSWER');
    return false;
  }
  if (!(await insertRequisites(transaction, holderId, requisites, fund))) return false;
  const since = { mobile: fund.mobileSince, email: fund.emailSince };
  for (const channel of channels) {
    const value = requisites[channelFields[channel]];
    if (value === null) continue;
    await insertRecoveryContact(transaction, holderId, { channel, value, since: since[channel] }, waitHours);
  }
  return true;
}

/**
 * A contact changed at a branch starts the same waiting times and notices as one changed here,
 * because a branch can be deceived too. So does one that is recorded again after a loss.
 * @param entries the first one of a channel has its new value
 */
export async function followContacts(
  transaction: Queryable,
  holderId: string,
  before: readonly Recipient[],
  entries: readonly ChangeEntry[],
  waitHours: number,
): Promise<void> {
  const holder = { holderId, language: await languageOf(transaction, holderId) };
  for (const channel of touchedChannels(entries)) {
    await moveRecoveryContact(transaction, holderId, channel, waitHours);
    await restOtherChannel(transaction, holderId, channel);
    await notifyChanged(transaction, holder, channel, before, newContact(entries, channel));
  }
}
