import { createHash, randomUUID } from 'node:crypto';
import { FundUnavailable } from '../../fund/errors.ts';
import { type KnownPersonDeps, knownPerson } from '../../fund/known-person.ts';
import type { FundHolder, IdentityDocument } from '../../fund/port.ts';
import { randomName } from '../../platform/keys.ts';
import type { Database } from '../../platform/postgres/database.ts';
import { isBlank } from '../../values/cleaning.ts';
import { type Refusal, refused } from '../../values/result.ts';
import type { ChangeEntry, Proof, UndeliveredChange } from '../changes/change.ts';
import { changesAfter, type SaveOutcome, savedBefore } from '../changes/store.ts';
import {
  type ContactChangeDeps,
  type ContactReason,
  isMobileOfMany,
  overcomesByEds,
  proposeChange,
  refuseContact,
  touchedChannels,
} from '../contact-change/contact.ts';
import type { ContactActor, PendingChange } from '../contact-change/ports.ts';
import type { FieldRules } from './fields/field.ts';
import {
  channelFields,
  channels,
  type FieldName,
  fields,
  isAsShown,
  type Requisites,
  showValue,
  type ValueReason,
} from './fields/fields.ts';
import type {
  AddressBook,
  DraftStore,
  LoadedRequisites,
  OfferedAddress,
  RequisitesStore,
  StoredRequisites,
} from './ports.ts';

export interface RequisitesDeps extends ContactChangeDeps, KnownPersonDeps {
  readonly database: Database;
  readonly store: RequisitesStore;
  readonly drafts: DraftStore;
  readonly addresses: AddressBook;
  readonly rules: FieldRules;
  readonly draftHours: number;
}

/** Everything the page shows. */
export interface RequisitesView {
  /** Undefined while the fund does not answer and what it said last is too old to show. */
  readonly person: FundHolder | undefined;
  /** When the fund said what is shown; undefined: just now. */
  readonly asOf: Date | undefined;
  readonly stored: StoredRequisites;
  /** Documents valid today, in the fund's order; only these can be chosen. */
  readonly validDocuments: readonly IdentityDocument[];
  /** The last change, when the fund did not take it. */
  readonly undelivered: UndeliveredChange | null;
  /** Whether a change may be waiting for its proofs, and whether what was typed may be kept; false when there is none. */
  readonly begun: LoadedRequisites['begun'];
}

/** What the address block offers beside the fields. */
export interface AddressHelp {
  /** Lines to choose from; undefined when nobody asked. */
  readonly offered: readonly OfferedAddress[] | undefined;
  readonly degraded: boolean;
  /** The switch is off, so nothing was asked. */
  readonly switchedOff: boolean;
  /** The index seems to belong to another region than the address. */
  readonly elsewhere: boolean;
}

/** Whether the index on the form hints at another region; suggestions only when they were asked for. */
export async function helpWithAddress(
  { addresses }: RequisitesDeps,
  view: RequisitesView,
  typed: Typed,
  asked: { readonly language: string } | undefined,
): Promise<AddressHelp> {
  // What is on file is not judged each time it is shown.
  const changed = (['address', 'postcode'] as const).some(
    (name) => !isAsShown(name, typed[name], view.stored.values[name]),
  );
  const complete = typed.address !== '' && typed.postcode !== '';
  const elsewhere = changed && complete && (await addresses.seemsElsewhere(typed.address, typed.postcode));
  if (!asked || !typed.kazpost) {
    return { offered: undefined, degraded: false, switchedOff: asked !== undefined, elsewhere };
  }
  // An index alone offers its address.
  const { suggestions, degraded } = await addresses.suggest(
    typed.address.trim() || typed.postcode,
    asked.language,
  );
  return { offered: suggestions, degraded, switchedOff: false, elsewhere };
}

/** What was typed: every field of the form as text. */
export type Typed = Readonly<Record<FieldName, string>> & {
  readonly formId: string;
  readonly revision: string;
  readonly document: string;
  readonly kazpost: boolean;
};

/** Why a form is refused; each is a key of the texts. */
export type FormReason =
  | ValueReason
  | ContactReason
  | 'addressRequired'
  | 'contactMustRemain'
  | 'documentNotValid';

export type FieldErrors = ReadonlyMap<FieldName | 'document', Refusal<FormReason>>;

export type SaveResult =
  | Exclude<SaveOutcome, { kind: 'conflict' | 'form-reused' }>
  | { readonly kind: 'invalid'; readonly view: RequisitesView; readonly errors: FieldErrors }
  /** `typed` is what to show: what was typed, over what is stored now. */
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
  /** Mobile or e-mail is touched: the change waits for its proofs. */
  | { readonly kind: 'proof-needed' }
  /** The fund no longer lets this person in. */
  | { readonly kind: 'not-active' };

/**
 * Reads documents, accounts and status from the fund and the requisites from our copy, first taking over what a branch
 * changed since. While the fund does not answer, what it said last stands in, or nothing: the requisites are ours. Undefined when the
 * fund does not know the person or no longer lets them in; `FundUnavailable` at a first visit without it.
 */
export async function showRequisites(
  parts: RequisitesDeps,
  actor: ContactActor,
): Promise<RequisitesView | undefined> {
  const known = await parts.store.load(actor.holderId);
  const asked = await knownPerson(parts, actor.iin, known?.elsewhereVersion ?? 0).catch((error: unknown) => {
    if (known && error instanceof FundUnavailable) return undefined;
    throw error;
  });
  if (known && !asked) {
    return {
      person: undefined,
      asOf: undefined,
      stored: known,
      validDocuments: [],
      undelivered: known.undelivered,
      begun: known.begun,
    };
  }
  const person = asked?.person;
  if (person?.status !== 'active') return undefined;
  const behind = !known || person.elsewhereVersion > known.elsewhereVersion;
  const stored = behind ? await parts.store.takeOver(actor.holderId, person, actor.requestId) : known;
  return {
    person,
    asOf: asked?.asOf,
    stored,
    validDocuments: person.documents.filter(
      (document) => document.type !== 'other' && isValidOn(document, stored.today),
    ),
    undelivered: known?.undelivered ?? null,
    begun: known?.begun ?? { change: true, draft: true },
  };
}

/** True from the day of issue to the last day of validity, both included. Dates are `YYYY-MM-DD`; one that is not set is no limit. */
export function isValidOn({ issuedOn, validUntil }: IdentityDocument, day: string): boolean {
  return (issuedOn === null || issuedOn <= day) && (validUntil === null || day <= validUntil);
}

/** The valid documents of a type that the cabinet does not know: shown, and not to be chosen. */
export function otherDocuments({
  person,
  stored,
}: Pick<RequisitesView, 'person' | 'stored'>): IdentityDocument[] {
  const documents = person?.documents ?? [];
  return documents.filter((document) => document.type === 'other' && isValidOn(document, stored.today));
}

/**
 * Whether a change must name a document. Not where there is none to choose and the reason is not the person's: the fund does not answer,
 * or has a document of a new type, or one that could not be read.
 */
export function needsDocument(view: Pick<RequisitesView, 'person' | 'stored' | 'validDocuments'>): boolean {
  if (!view.person) return false;
  if (view.validDocuments.length > 0) return true;
  return view.person.unreadDocuments !== true && otherDocuments(view).length === 0;
}

/** The form as it stands before anything is typed. */
export function untouched(view: RequisitesView, formId: string): Typed {
  const values = Object.fromEntries(
    fields.map(({ name }) => [name, showValue(name, view.stored.values[name])]),
  );
  return {
    ...(values as Record<FieldName, string>),
    formId,
    revision: String(view.stored.revision),
    document: view.validDocuments[0]?.id ?? '',
    kazpost: true,
  };
}

/** Whether anything in the form differs from what it showed: by default what is stored now. */
export function isTouched(
  view: RequisitesView,
  typed: Typed,
  shown: Requisites = view.stored.values,
): boolean {
  return fields.some(({ name }) => !isAsShown(name, typed[name], shown[name]));
}

/**
 * The values that a form of this revision showed, worked out from today's by undoing the changes since. Today's values
 * where the form names a revision that never was.
 */
export async function shownBy(
  { database }: Pick<RequisitesDeps, 'database'>,
  holderId: string,
  { stored }: RequisitesView,
  revision: number,
): Promise<Requisites> {
  const behind = stored.revision - revision;
  if (behind <= 0) return stored.values;
  const later = await changesAfter(database, holderId, revision);
  const undone = later.filter((change) => change.revision <= stored.revision);
  if (undone.length !== behind) return stored.values;
  const former = undone.flatMap(({ entries }) => entries.map((entry) => [entry.field, entry.old] as const));
  return { ...stored.values, ...Object.fromEntries(former) };
}

/**
 * A new form over what is stored now: fields that were touched keep what was typed, the others show today's values.
 * Saving it is a decision made with both versions in view, and never brings a former value back by itself.
 */
export function renewed(view: RequisitesView, typed: Typed, shown: Requisites): Typed {
  const touched = fields.filter(({ name }) => !isAsShown(name, typed[name], shown[name]));
  return {
    ...untouched(view, randomUUID()),
    ...Object.fromEntries(touched.map(({ name }) => [name, typed[name]])),
    document: typed.document,
    kazpost: typed.kazpost,
  };
}

/**
 * Saves what was typed, or, with `byEds`, lets it wait for the holder's signature: checks all fields at once, then writes the change in one transaction. A form that was saved
 * before gives the same receipt, whatever has happened since.
 */
export async function saveRequisites(
  parts: RequisitesDeps,
  actor: ContactActor,
  typed: Typed,
  proof: Extract<Proof, 'password-session' | 'eds-session'>,
  byEds = false,
): Promise<SaveResult> {
  const formHash = hashOf(typed);
  const earlier = await savedBefore(parts.database, actor.holderId, typed.formId, formHash);
  if (earlier?.kind === 'saved') return earlier;

  const view = await showRequisites(parts, actor);
  if (!view) return { kind: 'not-active' };
  const shown = await shownBy(parts, actor.holderId, view, Number(typed.revision));
  if (earlier) return { kind: 'form-reused', view, typed: renewed(view, typed, shown) };

  // Another post of this very form may have been saved between the look above and now: it has raised the revision.
  const risen = typed.revision !== String(view.stored.revision);
  const meanwhile = risen
    ? await savedBefore(parts.database, actor.holderId, typed.formId, formHash)
    : undefined;
  if (meanwhile?.kind === 'saved') return meanwhile;

  const { entries, errors } = check(view, typed, parts.rules, shown);
  const differs = entries.length > 0 || errors.size > 0;
  // Before the rules: what another window or a branch changed since must not be told as this person's error.
  if (differs && risen) return conflict(parts, view, typed, shown);
  if (errors.size > 0) return { kind: 'invalid', view, errors };
  if (entries.length === 0)
    return { kind: 'unchanged', view, typed: risen ? renewed(view, typed, shown) : typed };

  const document = view.validDocuments.find(({ id }) => id === typed.document) ?? null;
  const address = entries.find(({ field }) => field === 'address')?.new;
  const addressSource =
    address == null ? null : await parts.addresses.recognise(address, typed.postcode || null, typed.kazpost);
  const channels = touchedChannels(entries);
  if (channels.length > 0 || byEds) {
    const stopped = await refuseTouched(parts, actor.holderId, entries);
    const overcome = byEds && [...stopped.values()].every(overcomesByEds);
    if (stopped.size > 0 && !overcome) return { kind: 'invalid', view, errors: stopped };
    const { formId } = typed;
    await proposeChange(
      parts,
      actor,
      { formId, formHash, revision: view.stored.revision, document, entries, addressSource },
      byEds,
    );
    return { kind: 'proof-needed' };
  }
  const outcome = await parts.store.save({
    ...actor,
    formId: typed.formId,
    formHash,
    revision: view.stored.revision,
    number: randomName(12),
    proof,
    document,
    entries,
    addressSource,
  });
  if (outcome.kind === 'saved') return outcome;
  if (outcome.kind === 'form-reused')
    return { kind: 'form-reused', view, typed: renewed(view, typed, shown) };
  return conflict(parts, { ...view, stored: outcome.stored }, typed, shown);
}

/** What is stored now beside what was typed into a form that showed something else. */
function conflict(
  { rules }: Pick<RequisitesDeps, 'rules'>,
  view: RequisitesView,
  typed: Typed,
  shown: Requisites,
): Extract<SaveResult, { kind: 'conflict' }> {
  const checked = check(view, typed, rules, shown);
  return {
    kind: 'conflict',
    view,
    typed: renewed(view, typed, shown),
    ...checked,
    elsewhere: changedElsewhere(view, shown, checked.entries),
  };
}

/** The fields whose value is no longer what the form showed, without those that the form itself changes. */
export function changedElsewhere(
  { stored }: RequisitesView,
  shown: Requisites,
  entries: readonly ChangeEntry[],
): FieldName[] {
  const own = entries.map(({ field }) => field);
  return fields
    .map(({ name }) => name)
    .filter(
      (name) => !own.includes(name) && showValue(name, shown[name]) !== showValue(name, stored.values[name]),
    );
}

/** Why a change that touches mobile or e-mail cannot even be proposed now; empty when it can. */
export async function refuseTouched(
  parts: ContactChangeDeps,
  holderId: string,
  entries: readonly ChangeEntry[],
): Promise<FieldErrors> {
  const standing = await parts.contacts.standing(holderId, parts.contactRules.contactWaitHours);
  const stopped = refuseContact(standing, touchedChannels(entries));
  if (stopped) return new Map([[channelFields[stopped.channel], stopped.refusal]]);
  // Told what a wrong number is told: how many others have it is nobody's business.
  return (await isMobileOfMany(parts, holderId, entries))
    ? new Map([[channelFields.mobile, refused('phoneNotMobile')]])
    : new Map();
}

/**
 * Checks every field that differs from what the form showed, and from what is stored; what is on file already is not
 * judged by today's rules. Gives the entries of the change and everything that is wrong.
 */
export function check(
  view: RequisitesView,
  typed: Typed,
  rules: FieldRules,
  /** What the form showed. */
  shown: Requisites = view.stored.values,
): { readonly entries: readonly ChangeEntry[]; readonly errors: FieldErrors } {
  const stored = view.stored.values;
  const errors = new Map<FieldName | 'document', Refusal<FormReason>>();
  const entries: ChangeEntry[] = [];
  if (needsDocument(view) && !view.validDocuments.some(({ id }) => id === typed.document))
    errors.set('document', { ok: false, reason: 'documentNotValid' });

  for (const field of fields) {
    const old = stored[field.name];
    const text = typed[field.name];
    if (isAsShown(field.name, text, shown[field.name]) || isAsShown(field.name, text, old)) continue;
    if (isBlank(text)) {
      entries.push({ field: field.name, old, new: null });
      continue;
    }
    const parsed = field.parse(text, rules);
    if (!parsed.ok) errors.set(field.name, parsed);
    else if (old === null || !field.same(old, parsed.value, rules)) {
      entries.push({ field: field.name, old, new: parsed.value });
    }
  }

  const after = {
    ...stored,
    ...Object.fromEntries(entries.map((entry) => [entry.field, entry.new])),
  } as Requisites;
  const changed = (name: FieldName): boolean => entries.some(({ field }) => field === name);
  const addressTouched = changed('address') || changed('apartment') || changed('postcode');
  if (
    addressTouched &&
    after.address === null &&
    !errors.has('address') &&
    (after.apartment !== null || after.postcode !== null)
  ) {
    errors.set('address', { ok: false, reason: 'addressRequired' });
  }
  const contacts = channels.map((channel) => channelFields[channel]);
  const reachable = (values: Requisites) => contacts.some((name) => values[name] !== null);
  if (reachable(stored) && !reachable(after)) {
    for (const name of contacts.filter(changed)) errors.set(name, { ok: false, reason: 'contactMustRemain' });
  }
  return { entries, errors };
}

/** A pending change as the form it came from, over what is stored now. */
export function typedOf(view: RequisitesView, pending: PendingChange, formId: string): Typed {
  const changed = Object.fromEntries(
    pending.entries.map((entry) => [entry.field, showValue(entry.field, entry.new)]),
  );
  return { ...untouched(view, formId), ...changed, document: pending.document?.id ?? '' };
}

/** Keeps what was typed for the same holder, sealed, for a day. */
export async function keepDraft(parts: RequisitesDeps, holderId: string, typed: Typed): Promise<void> {
  const sealed = parts.keys.seal('draft', `${holderId} requisites`, JSON.stringify(typed));
  await parts.drafts.keep(holderId, 'requisites', sealed, parts.draftHours);
}

/** What was kept, put onto today's form: today's document and revision, so that saving it is a decision made now. */
export async function findDraft(
  parts: RequisitesDeps,
  holderId: string,
): Promise<{ readonly typed: Typed; readonly expiresAt: Date } | undefined> {
  const draft = await parts.drafts.find(holderId, 'requisites');
  const opened = draft && parts.keys.open('draft', `${holderId} requisites`, draft.sealed);
  return opened === undefined || !draft
    ? undefined
    : { typed: JSON.parse(opened) as Typed, expiresAt: draft.expiresAt };
}

/** Tells two posts of one form apart when anything that matters differs. */
function hashOf(typed: Typed): Buffer {
  const said = [typed.revision, typed.document, ...fields.map(({ name }) => typed[name])];
  return createHash('sha256').update(JSON.stringify(said)).digest();
}
