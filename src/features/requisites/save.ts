import { receiptPath } from '../../paths.ts';
import { randomName } from '../../platform/keys.ts';
import type { Database, Queryable } from '../../platform/postgres/database.ts';
import { awaitStandby, lockHolder } from '../../platform/postgres/locks.ts';
import type { Actor, SignInMethod } from '../../platform/session.ts';
import { refused } from '../../values/result.ts';
import { type AddressSources, recogniseAddress } from '../addresses/addresses.ts';
import type { ChangeEntry, Proof } from '../changes/change.ts';
import {
  type NewChange,
  type SaveOutcome,
  savedBefore,
  writeChange,
  writeInSession,
} from '../changes/store.ts';
import { touchedChannels } from '../contact-change/contact.ts';
import type { ContactChangeDeps } from '../contact-change/deps.ts';
import { isMobileOfMany, proposeChange } from '../contact-change/propose.ts';
import { overcomesByEds, refuseContact } from '../contact-change/standing.ts';
import { readStanding } from '../contact-change/store.ts';
import { checkForm, type FieldErrors } from './check.ts';
import { channelFields, type FieldName, type Requisites } from './fields/fields.ts';
import { changedElsewhere, hashOf, renewed, shownBy, type Typed } from './form.ts';
import { holderOf, loadRequisites, lockForChange, readOfSession, type SessionReading } from './store.ts';
import { type RequisitesView, type ViewDeps, viewLoaded } from './view.ts';

export interface SaveDeps extends ViewDeps, ContactChangeDeps {
  readonly addresses: AddressSources;
}

export type SaveResult =
  | Exclude<SaveOutcome, { kind: 'conflict' | 'form-reused' }>
  | { readonly kind: 'invalid'; readonly view: RequisitesView; readonly errors: FieldErrors }
  /** `typed` is what to show: what was typed, over the values stored now. */
  | { readonly kind: 'unchanged' | 'form-reused'; readonly view: RequisitesView; readonly typed: Typed }
  | {
      readonly kind: 'conflict';
      readonly view: RequisitesView;
      readonly typed: Typed;
      readonly entries: readonly ChangeEntry[];
      /** Fields that were changed since the form was opened and that this person did not touch. */
      readonly elsewhere: readonly FieldName[];
      readonly errors: FieldErrors;
    }
  /** Mobile or e-mail was changed, or a signature is wanted, so the change waits for its proofs. */
  | { readonly kind: 'proof-needed' }
  /** The fund no longer allows this person in. */
  | { readonly kind: 'not-active' };

/** What a person submits to be saved. */
export interface SentForm {
  readonly typed: Typed;
  readonly proof: Extract<Proof, `${SignInMethod}-session`>;
  /** The person wants to sign the change. */
  readonly byEds: boolean;
}

/**
 * Saves what was typed, or stores it until its proofs arrive. Checks all fields at once, then
 * writes the change in one transaction. A form that was saved before gets the same receipt,
 * whatever has happened since.
 */
export async function saveRequisites(
  deps: SaveDeps,
  actor: Actor,
  { typed, proof, byEds }: SentForm,
  reading?: SaveReading,
): Promise<SaveResult> {
  const { database, contactSettings } = deps;
  const { holderId } = actor;
  const { formId } = typed;
  const formHash = hashOf(typed);
  const { earlier, known, asked } = reading ?? (await readForSave(database, holderId, formId, formHash));
  if (earlier?.kind === 'saved') return given(database, holderId, earlier);

  const view = await viewLoaded(deps, actor, known, asked);
  if (!view) return { kind: 'not-active' };
  const shown = await shownBy(deps, holderId, view, Number(typed.revision));
  if (earlier) return { kind: 'form-reused', view, typed: renewed(view, typed, shown) };

  // Another post of this same form may have been saved since the look above and raised the
  // revision.
  const risen = typed.revision !== String(view.stored.revision);
  const meanwhile = risen ? await savedBefore(database, holderId, formId, formHash) : undefined;
  if (meanwhile?.kind === 'saved') return given(database, holderId, meanwhile);

  const { entries, errors } = checkForm(view, typed, contactSettings, shown);
  // Checked before the rules, because a change from another window or a branch must not be shown as
  // this person's error.
  if (risen && (entries.length > 0 || errors.size > 0)) return conflict(deps, view, typed, shown);
  if (errors.size > 0) return { kind: 'invalid', view, errors };
  if (entries.length === 0)
    return { kind: 'unchanged', view, typed: risen ? renewed(view, typed, shown) : typed };

  const change = {
    formId,
    formHash,
    revision: view.stored.revision,
    document: view.validDocuments.find(({ id }) => id === typed.document) ?? null,
    entries,
    addressSource: await addressSource(deps, entries, typed),
  };
  if (byEds || touchedChannels(entries).length > 0) {
    const stopped = await refuseTouched(deps, holderId, entries);
    const isOvercome = byEds && [...stopped.values()].every(overcomesByEds);
    if (stopped.size > 0 && !isOvercome) return { kind: 'invalid', view, errors: stopped };
    await proposeChange(deps, actor, change, byEds);
    return { kind: 'proof-needed' };
  }
  const outcome = await saveChange(deps, { ...actor, ...change, number: randomName(12), proof });
  if (outcome.kind === 'saved') return outcome;
  if (outcome.kind === 'form-reused')
    return { kind: 'form-reused', view, typed: renewed(view, typed, shown) };
  return conflict(deps, { ...view, stored: outcome.stored }, typed, shown);
}

/** What is read before a save. */
interface SaveReading extends SessionReading {
  readonly earlier: Awaited<ReturnType<typeof savedBefore>>;
}

/**
 * Reads it by one round trip. The check for an earlier save comes first: a save after it raises the
 * revision that is read next.
 */
async function readForSave(
  database: Database,
  holderId: string,
  formId: string,
  formHash: Buffer,
): Promise<SaveReading> {
  const [earlier, known] = await database.batch((connection) =>
    Promise.all([savedBefore(connection, holderId, formId, formHash), loadRequisites(connection, holderId)]),
  );
  return { earlier, known, asked: undefined };
}

/** Reads the same together with the session of the holder, in the same order. */
export async function readForSaveWithSession(
  connection: Queryable,
  { fund }: Pick<SaveDeps, 'fund'>,
  sessionHash: Buffer,
  typed: Typed,
): Promise<SaveReading> {
  const [earlier, read] = await Promise.all([
    savedBefore(connection, holderOf(sessionHash), typed.formId, hashOf(typed)),
    readOfSession(connection, fund, sessionHash),
  ]);
  return { ...read, earlier };
}

/** The receipt of what this same form saved before. Undefined when it saved nothing. */
export async function receiptOfEarlier(
  { database }: Pick<SaveDeps, 'database'>,
  holderId: string,
  typed: Typed,
): Promise<string | undefined> {
  const earlier = await savedBefore(database, holderId, typed.formId, hashOf(typed));
  if (earlier?.kind !== 'saved') return undefined;
  return receiptPath((await given(database, holderId, earlier)).number);
}

/** An earlier save, once the standby has it, too: giving the receipt acknowledges it. */
async function given<Saved extends { readonly kind: 'saved' }>(
  database: Database,
  holderId: string,
  saved: Saved,
): Promise<Saved> {
  await awaitStandby(database, holderId);
  return saved;
}

/**
 * Writes a change that needs only its session as proof. Resolves after COMMIT.
 *
 * @internal The test of locks runs this transaction against the others.
 */
export async function saveChange(
  { database }: Pick<SaveDeps, 'database'>,
  change: NewChange,
): Promise<SaveOutcome> {
  // Other changes at the same moment are rare. For this reason one round trip locks, compares,
  // writes and commits. It writes nothing unless every condition holds under the lock.
  const written = await database.transaction(async (transaction) => {
    const [, touched] = await Promise.all([
      lockHolder(transaction, change.holderId),
      transaction.last(writeInSession(change)),
    ]);
    return touched;
  });
  return written === 1 ? { kind: 'saved', number: change.number } : saveStepByStep(database, change);
}

/** Finds out why a change could not be written at once, or writes it after all. */
function saveStepByStep(database: Database, change: NewChange): Promise<SaveOutcome> {
  return database.transaction(async (transaction) => {
    const current = await lockForChange(transaction, change);
    const earlier = await savedBefore(transaction, change.holderId, change.formId, change.formHash);
    if (earlier) return earlier;
    if (current.revision !== change.revision) return { kind: 'conflict', stored: current };
    await writeChange(transaction, change);
    return { kind: 'saved', number: change.number };
  });
}

/** The source of a new address. Null when the address is not new. */
async function addressSource(
  { addresses }: Pick<SaveDeps, 'addresses'>,
  entries: readonly ChangeEntry[],
  typed: Typed,
): Promise<NewChange['addressSource']> {
  const address = entries.find(({ field }) => field === 'address')?.new;
  if (address == null) return null;
  // Kazpost is asked only when the person has switched it on.
  const sources = typed.kazpost ? addresses : { embedded: addresses.embedded };
  return recogniseAddress(sources, address, typed.postcode || null);
}

/** Shows the values stored now beside what was typed into a form that showed others. */
function conflict(
  { contactSettings }: Pick<SaveDeps, 'contactSettings'>,
  view: RequisitesView,
  typed: Typed,
  shown: Requisites,
): Extract<SaveResult, { kind: 'conflict' }> {
  const checked = checkForm(view, typed, contactSettings, shown);
  return {
    kind: 'conflict',
    view,
    typed: renewed(view, typed, shown),
    ...checked,
    elsewhere: changedElsewhere(view, shown, checked.entries),
  };
}

/** Why a change of mobile or e-mail cannot be proposed now. Empty when it can. */
export async function refuseTouched(
  deps: ContactChangeDeps,
  holderId: string,
  entries: readonly ChangeEntry[],
): Promise<FieldErrors> {
  const standing = await readStanding(deps.database, holderId, deps.contactSettings.waitHours);
  const stopped = refuseContact(standing, touchedChannels(entries));
  if (stopped) return new Map([[channelFields[stopped.channel], stopped.refusal]]);
  // The same reason as for a wrong number, because how many others have this number must stay
  // private.
  return (await isMobileOfMany(deps, holderId, entries))
    ? new Map([[channelFields.mobile, refused('phoneNotMobile')]])
    : new Map();
}
