import { randomName } from '../../platform/keys.ts';
import type { Queryable } from '../../platform/postgres/database.ts';
import { lockHolder } from '../../platform/postgres/locks.ts';
import type { Iin } from '../../values/iin.ts';
import type { Language } from '../../values/language.ts';
import { codeMinutes, maxTries } from '../codes/code.ts';
import { takeQuotas } from '../codes/quota-store.ts';
import { sendingQuotas } from '../codes/quotas.ts';
import type { CodeSettings } from '../codes/settings.ts';
import { renewCode } from '../codes/store.ts';
import { isFrozen } from '../disavowal/store.ts';
import { recordEvent } from '../history/event-store.ts';
import { enqueueMessages } from '../notices/store.ts';
import { loadRequisites } from '../requisites/store.ts';
import { takeOver } from '../requisites/take-over.ts';
import { knowsDevice } from '../sign-in/device-store.ts';
import { type AccountRequestDeps, openTyped, type SealedRequest } from './account-request.ts';
import {
  concludeRequest,
  findOrCreateHolder,
  type LeasedAccountRequest,
  type RecoveryStanding,
  readRecoveryStanding,
} from './store.ts';
import { isSameContact, type TypedContact } from './typed-contact.ts';

/** A person on file, and the contact on file that they typed. */
export interface CodeRecipient {
  readonly holderId: string;
  readonly standing: RecoveryStanding;
  readonly contact: TypedContact;
}

/**
 * Processes one request in the background. It finds out whether the fund knows the person and
 * whether the typed contact may restore their password, and queues what is to be sent. The visitor
 * sees no difference whatever the result is.
 */
export async function processAccountRequest(
  deps: AccountRequestDeps,
  request: LeasedAccountRequest,
): Promise<void> {
  const { database, keys, codeSettings, contactSettings } = deps;
  const typed = openTyped(keys, request.hash, request.typed);
  const holderId = typed && (await knownHolder(deps, typed.iin, request.language));
  const standing = holderId === undefined ? undefined : await readRecoveryStanding(database, holderId);
  const contact = standing?.contacts.find(
    (onFile) => typed && isSameContact(typed.contact, onFile, contactSettings.mobilePrefixes),
  );
  if (
    !typed ||
    holderId === undefined ||
    !standing ||
    !contact ||
    standing.frozen ||
    !(await takeSendingQuotas(deps, typed, holderId, contact))
  ) {
    await concludeRequest(database, request.hash, { holderId }, codeSettings.accountRequestMinutes);
    return;
  }
  await database.transaction((transaction) =>
    sendToRecipient(transaction, codeSettings, request, { holderId, standing, contact }),
  );
  deps.onQueued();
}

/**
 * Queues the code, or the notice that a password exists already, and concludes the request.
 *
 * @internal The test of locks runs this transaction against the others.
 */
export async function sendToRecipient(
  transaction: Queryable,
  codeSettings: CodeSettings,
  request: Omit<LeasedAccountRequest, 'typed'>,
  { holderId, standing, contact }: CodeRecipient,
): Promise<void> {
  await lockHolder(transaction, holderId);
  // Checked under the lock, because "this wasn't me" may have been answered in the meantime.
  if (await isFrozen(transaction, holderId)) {
    await concludeRequest(transaction, request.hash, { holderId }, codeSettings.accountRequestMinutes);
    return;
  }
  if (!request.again) {
    const kind = request.kind === 'register' ? 'registration-asked' : 'recovery-asked';
    await recordEvent(transaction, { holderId, kind });
  }
  const where = { channel: contact.channel, to: contact.value };
  if (request.kind === 'register' && standing.hasPassword) {
    await enqueueMessages(transaction, holderId, [
      { ...where, language: standing.language, kind: 'already-registered', at: new Date().toISOString() },
    ]);
    await concludeRequest(transaction, request.hash, { holderId }, codeSettings.accountRequestMinutes);
    return;
  }
  // A person without a password who asks for a new one needs their first. The message says so.
  const purpose = standing.hasPassword ? 'recover' : 'register';
  const minutes = codeMinutes(codeSettings, purpose);
  const { codeId } = await renewCode(
    transaction,
    { holderId, purpose, channel: contact.channel, destination: contact.value, changeId: request.id },
    minutes,
    maxTries,
  );
  await enqueueMessages(transaction, holderId, [
    { ...where, language: request.language, kind: 'code', purpose, codeId },
  ]);
  await concludeRequest(transaction, request.hash, { holderId, codeId }, minutes);
}

/**
 * The holder of this IIN, if the fund knows them and allows them in. Brings our copy of the
 * requisites up to date.
 */
async function knownHolder(
  deps: AccountRequestDeps,
  iin: Iin,
  language: Language,
): Promise<string | undefined> {
  const { database, fund } = deps;
  const person = await fund.read(iin);
  if (person?.iin !== iin || person.status !== 'active') return undefined;
  const holderId = await findOrCreateHolder(database, iin, language);
  const known = await loadRequisites(database, holderId);
  if (known && known.elsewhereVersion >= person.elsewhereVersion) return holderId;
  const changed = await fund.read(iin, known?.elsewhereVersion ?? 0);
  if (changed) await takeOver(deps, holderId, changed, randomName(10));
  return holderId;
}

/**
 * Takes the quotas that sending to this contact needs. Returns false when one of them is used up.
 */
async function takeSendingQuotas(
  { database, keys, codeSettings }: AccountRequestDeps,
  { iin, marks = [] }: SealedRequest,
  holderId: string,
  contact: TypedContact,
): Promise<boolean> {
  const hashes = marks.map((mark) => Buffer.from(mark, 'hex'));
  const known = hashes.length > 0 && (await knowsDevice(database, iin, hashes));
  const sender = known ? 'known-device' : 'anybody';
  return takeQuotas(
    database,
    sendingQuotas(keys, codeSettings, { person: holderId, value: contact.value, sender }),
  );
}
