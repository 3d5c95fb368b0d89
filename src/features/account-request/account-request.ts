import { randomInt } from 'node:crypto';
import type { Fund } from '../../fund/port.ts';
import { type Keys, randomName, randomToken, tokenHash } from '../../platform/keys.ts';
import { type Iin, parseIin } from '../../values/iin.ts';
import type { Language } from '../../values/language.ts';
import { accepted, type Result, refused } from '../../values/result.ts';
import { codeMinutes, maxTries } from '../codes/code.ts';
import { consumeCode } from '../codes/consume.ts';
import { takeQuotas } from '../codes/quota-store.ts';
import { type CodeRules, sendingQuotas } from '../codes/quotas.ts';
import { renewCode } from '../codes/store.ts';
import { type CodeFormReason, notACode, readCode } from '../codes/typed-code.ts';
import { enqueueMessages } from '../notices/store.ts';
import type { CommonPasswords } from '../passwords/common-passwords.ts';
import type { PasswordHasher } from '../passwords/hasher.ts';
import { checkPassword, type PasswordReason } from '../passwords/password.ts';
import { personalData } from '../passwords/personal-data.ts';
import type { RequisitesStore } from '../requisites/ports.ts';
import { failureKeys } from '../sign-in/failures.ts';
import { type AdmissionReason, admitAsking, admitTrying, type Requester } from './admission.ts';
import type { AttackSwitch } from './attack-switch.ts';
import type {
  AccountRequestKind,
  AccountRequestTables,
  LeasedAccountRequest,
  LiveAccountRequest,
} from './ports.ts';
import { isSameContact, parseContact, type TypedContact } from './typed-contact.ts';
import type { ProofOfWorkStore } from './work.ts';

export interface AccountRequestDeps {
  readonly tables: AccountRequestTables;
  readonly keys: Keys;
  readonly fund: Fund;
  readonly requisites: Pick<RequisitesStore, 'load' | 'takeOver'>;
  readonly hasher: PasswordHasher;
  readonly common: CommonPasswords;
  readonly attackSwitch: AttackSwitch;
  readonly work: ProofOfWorkStore;
  readonly rules: CodeRules & {
    readonly mobilePrefixes: readonly string[];
    /** How long an entry may go on before its code was right, and how long the choice of a password then takes. */
    readonly entryMinutes: number;
    readonly entryChoiceMinutes: number;
  };
  /** Told that an entry may be examined after so many milliseconds. */
  readonly onAsked: (afterMs: number) => void;
  /** Told that messages wait in the outbox. */
  readonly onQueued: () => void;
}

/** What was typed, in its stored form. */
export interface TypedRequest {
  readonly iin: Iin;
  readonly contact: TypedContact;
}

/**
 * An entry is examined at a moment nobody can foresee: a person on file makes more work, and right behind the request it slowed
 * down the same visitor's next one enough to be measured.
 */
const rest = { leastMs: 100, mostMs: 300 } as const;

/** Nobody: the look-up of a code that was never sent does the work of one that was. */
const nobody = '00000000-0000-0000-0000-000000000000';

/**
 * Takes down what somebody asks for and gives the secret of the entry's cookie. The same work for everybody: nothing about
 * the person is looked up here (facts-security A1-A6), but whether a mark that the browser shows is theirs. Refused while codes are
 * being guessed or when this network has asked too often, unless the asker may go on beside it (`admission.ts`).
 */
export async function beginAccountRequest(
  parts: AccountRequestDeps,
  entry: Requester & {
    readonly kind: AccountRequestKind;
    readonly asked: TypedRequest;
    readonly language: Language;
    /** The secret of this browser's earlier entry. */
    readonly before: string | undefined;
  },
): Promise<Result<string, AdmissionReason>> {
  const { tables, keys, rules, onAsked } = parts;
  const admitted = await admitAsking(parts, entry.asked, entry);
  if (!admitted.ok) return admitted;
  const token = randomToken();
  const hash = tokenHash(token);
  const restMs = randomInt(rest.leastMs, rest.mostMs);
  await tables.requests.begin(
    {
      hash,
      kind: entry.kind,
      asked: keys.seal(
        'entry',
        hash.toString('hex'),
        JSON.stringify({ ...entry.asked, marks: (entry.marks ?? []).map((mark) => mark.toString('hex')) }),
      ),
      language: entry.language,
      network: keys.sign('network', entry.network),
      replaces: entry.before === undefined ? undefined : tokenHash(entry.before),
    },
    { minutes: rules.entryMinutes, restMs },
  );
  onAsked(restMs);
  return accepted(token);
}

/** The entry of this browser, while it may be continued. */
export function findAccountRequest(
  { tables }: AccountRequestDeps,
  kind: AccountRequestKind,
  token: string,
): Promise<LiveAccountRequest | undefined> {
  return tables.requests.find(tokenHash(token), kind);
}

/** What this browser typed, for its visitor to mend. */
export async function typedBefore(
  parts: AccountRequestDeps,
  kind: AccountRequestKind,
  token: string,
): Promise<TypedRequest | undefined> {
  const entry = await findAccountRequest(parts, kind, token);
  return entry && openTyped(parts.keys, tokenHash(token), entry.asked);
}

/** Has the code sent again: the same one while it lives and has tries left. The answer is the same for everybody. */
export async function resendCode(
  parts: AccountRequestDeps,
  kind: AccountRequestKind,
  { token, language, ...asker }: Requester & { token: string; language: Language },
): Promise<Result<undefined, AdmissionReason | 'gone'>> {
  const { tables, onAsked } = parts;
  const asked = await typedBefore(parts, kind, token);
  if (!asked) return refused('gone');
  const admitted = await admitAsking(parts, asked, asker);
  if (!admitted.ok) return admitted;
  const restMs = randomInt(rest.leastMs, rest.mostMs);
  if (!(await tables.requests.askAgain(tokenHash(token), kind, { language, maxTries, restMs }))) {
    return refused('gone');
  }
  onAsked(restMs);
  return accepted(undefined);
}

export type TypedCodeReason = 'codeWrong' | 'codeExpired' | 'codeTries' | CodeFormReason;

/**
 * Compares a typed code. Without one that was sent, the same statements run and the answers are the same: what is told follows from
 * the entry alone. One transaction, since a row more or less written to disk could be told by time.
 */
export async function tryCode(
  parts: AccountRequestDeps,
  kind: AccountRequestKind,
  token: string,
  typed: string,
  asker: Requester = { network: '' },
): Promise<Result<undefined, TypedCodeReason | 'gone' | 'stopped'>> {
  const { tables, keys, rules, attackSwitch } = parts;
  const meanings = readCode(typed, 'long');
  if (meanings.length === 0) return refused(notACode.long);
  const hash = tokenHash(token);
  if (attackSwitch.open) {
    const asked = await typedBefore(parts, kind, token);
    if (!asked) return refused('gone');
    const admitted = await admitTrying(parts, asked, asker);
    if (!admitted.ok) return admitted;
  }
  return tables.together(async ({ requests, database }) => {
    const taken = await requests.countAttempt(hash, kind, maxTries);
    if (!taken) return refused('gone');
    if (taken.kind === 'over') return refused(taken.why === 'time' ? 'codeExpired' : 'codeTries');
    const sent = taken.kind === 'counted' ? taken.sent : undefined;
    const checked = await consumeCode(
      { keys, database },
      sent ?? { codeId: nobody, holderId: nobody },
      meanings,
    );
    if (!checked.ok) return refused('codeWrong');
    await requests.markProved(hash, rules.entryChoiceMinutes);
    return accepted(undefined);
  });
}

export type ChoiceReason = PasswordReason | 'passwordsDiffer';

/** Sets the password of a proved entry. No session begins: the person signs in with it. */
export async function choosePassword(
  parts: AccountRequestDeps,
  kind: AccountRequestKind,
  visit: { readonly token: string; readonly network: string; readonly requestId: string },
  typed: { readonly password: string; readonly again: string },
): Promise<Result<'registered' | 'recovered', ChoiceReason | 'gone' | 'busy'>> {
  const { tables, keys, hasher } = parts;
  const entry = await findAccountRequest(parts, kind, visit.token);
  if (!entry?.proved) return refused('gone');
  const { iin, holderId } = entry.proved;
  const checked = checkPassword(typed.password, await personalData(parts, iin, holderId), parts.common);
  if (!checked.ok) return checked;
  if (typed.again.normalize('NFC') !== checked.value) return refused('passwordsDiffer');
  if (hasher.saturated) return refused('busy');
  const outcome = await tables.requests.complete(tokenHash(visit.token), kind, {
    passwordHash: await hasher.hash(checked.value),
    requestId: visit.requestId,
    forget: failureKeys(keys, iin, visit.network),
  });
  if (outcome === undefined) return refused('gone');
  parts.onQueued();
  return accepted(outcome);
}

/**
 * Looks at one entry behind the request: whether the fund knows the person, whether the typed contact may restore their
 * password, and what is sent where. Whatever is found, the visitor sees no difference.
 */
export async function processAccountRequest(
  parts: AccountRequestDeps,
  entry: LeasedAccountRequest,
): Promise<void> {
  const { tables, keys, rules } = parts;
  const { iin, contact, marks = [] } = openTyped(keys, entry.hash, entry.asked) ?? {};
  const holderId = iin && (await knownHolder(parts, iin, entry.language));
  const standing = holderId === undefined ? undefined : await tables.requests.standing(holderId);
  const to =
    contact && standing?.contacts.find((onFile) => isSameContact(contact, onFile, rules.mobilePrefixes));
  const mayGo =
    holderId !== undefined &&
    standing !== undefined &&
    to !== undefined &&
    !standing.frozen &&
    (await takeQuotas(
      tables.database,
      sendingQuotas(keys, rules, {
        person: holderId,
        value: to.value,
        sender: (await isKnownDevice(parts, iin, marks)) ? 'known-device' : 'anybody',
      }),
    ));
  if (!mayGo) {
    await tables.requests.conclude(
      entry.hash,
      holderId === undefined ? undefined : { holderId, codeId: undefined },
      rules.entryCodeMinutes,
    );
    return;
  }

  await tables.together(async ({ requests, database }) => {
    if (!(await requests.lockUnlessFrozen(holderId))) {
      await requests.conclude(entry.hash, { holderId, codeId: undefined }, rules.entryCodeMinutes);
      return;
    }
    if (!entry.again) await requests.recordRequest(holderId, entry.kind);
    const where = { channel: to.channel, to: to.value };
    if (entry.kind === 'register' && standing.hasPassword) {
      await enqueueMessages(database, holderId, [
        { ...where, language: standing.language, kind: 'already-registered', at: new Date().toISOString() },
      ]);
      await requests.conclude(entry.hash, { holderId, codeId: undefined }, rules.entryCodeMinutes);
      return;
    }
    // Who has no password and asks for a new one wants the first: the code says so.
    const purpose = standing.hasPassword ? 'recover' : 'register';
    const minutes = codeMinutes(rules, purpose);
    const { codeId } = await renewCode(
      database,
      { holderId, purpose, channel: to.channel, destination: to.value, changeId: entry.entryId },
      minutes,
      maxTries,
    );
    await enqueueMessages(database, holderId, [
      { ...where, language: entry.language, kind: 'code', purpose, codeId },
    ]);
    await requests.conclude(entry.hash, { holderId, codeId }, minutes);
  });
  parts.onQueued();
}

/** The holder whom the fund knows by this IIN and lets in, with our copy of the requisites up to date. */
async function knownHolder(
  { tables, fund, requisites }: AccountRequestDeps,
  iin: Iin,
  language: Language,
): Promise<string | undefined> {
  const person = await fund.read(iin);
  if (person?.iin !== iin || person.status !== 'active') return undefined;
  const holderId = await tables.requests.holderOf(iin, language);
  const known = await requisites.load(holderId);
  if (known && known.elsewhereVersion >= person.elsewhereVersion) return holderId;
  const changed = await fund.read(iin, known?.elsewhereVersion ?? 0);
  if (changed) await requisites.takeOver(holderId, changed, randomName(10));
  return holderId;
}

/** Reads what a visitor typed into the two fields; the reasons tell of form alone. */
export function readTypedRequest(
  typed: { readonly iin: string; readonly contact: string },
  mobilePrefixes: readonly string[],
): { readonly iin: ReturnType<typeof parseIin>; readonly contact: ReturnType<typeof parseContact> } {
  return { iin: parseIin(typed.iin), contact: parseContact(typed.contact, mobilePrefixes) };
}

/** What was typed, and the marks that the browser showed with it. An entry begun by the former release has none. */
type SealedRequest = TypedRequest & { readonly marks?: readonly string[] };

function openTyped(keys: Keys, hash: Buffer, sealed: Buffer): SealedRequest | undefined {
  const text = keys.open('entry', hash.toString('hex'), sealed);
  return text === undefined ? undefined : (JSON.parse(text) as SealedRequest);
}

async function isKnownDevice(
  { tables }: AccountRequestDeps,
  iin: Iin | undefined,
  marks: readonly string[],
): Promise<boolean> {
  if (iin === undefined || marks.length === 0) return false;
  return tables.requests.knowsDevice(
    iin,
    marks.map((mark) => Buffer.from(mark, 'hex')),
  );
}
