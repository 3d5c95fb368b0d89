import { randomToken, tokenHash } from '../../platform/keys.ts';
import type { Queryable } from '../../platform/postgres/database.ts';
import type { WayIn } from '../../platform/session.ts';
import type { Language } from '../../values/language.ts';
import { decide } from '../assurance/decide.ts';
import { isLocked, liftFreeze } from '../disavowal/store.ts';
import { recordEvent } from '../history/event-store.ts';
import { issueMark, readMarks, type ShownMarks } from './device-marks.ts';
import { endMarks, keepDevice, notifyOfUnmarked } from './device-store.ts';
import { forgetFailures } from './failure-store.ts';
import { deviceName, shortName } from './session-names.ts';
import { endFormerSession, endOldestSessions, insertSession, lockForOpening } from './session-store.ts';
import type { SessionSettings } from './settings.ts';

/** The browser in which somebody signs in, and its request. */
export interface SignInBrowser {
  /** The device cookie, if the browser has one. */
  readonly device: string | undefined;
  /** The secret of the session cookie, if the browser has one. */
  readonly formerToken: string | undefined;
  readonly userAgent: string;
  /** The network of its address, as `networkOf` writes it. */
  readonly network: string;
  readonly requestId: string;
}

/** Who has proved to be a holder, and how. */
export interface SessionOpening {
  readonly holderId: string;
  readonly way: WayIn;
  /** Whether no second step is to be asked in this browser for some time. */
  readonly trust?: boolean;
  /** The names according to the fund. */
  readonly person: { readonly surname: string; readonly name: string };
  /** Keys of failure counts to forget. */
  readonly forget: readonly Buffer[];
}

/** A session that was just opened. Its secrets go only into cookies. */
export interface OpenedSession {
  readonly token: string;
  /** The marks of the browser, with a new one. Undefined: it gets none. */
  readonly device: string | undefined;
  /** The number of older sessions that ended to make room. */
  readonly replaced: number;
  /** The language that the holder chose, here or elsewhere. */
  readonly language: Language | undefined;
}

/** The holder has locked the cabinet. Rolls the sign-in back. */
export class CabinetLocked extends Error {}

/**
 * Opens a session, whichever way its holder has signed in. The holder's row is locked first, so
 * that two sign-ins of one person run one after another. A way in that may unlock lifts the lock
 * and a freeze by "this wasn't me". The statements that need no answer of another one travel in one
 * round trip, and run in this order.
 * @throws CabinetLocked when the holder has locked the cabinet, and nothing has lifted the lock
 */
export async function openSession(
  transaction: Queryable,
  { holderId, way, trust = false, person, forget }: SessionOpening,
  browser: SignInBrowser,
  settings: SessionSettings,
): Promise<OpenedSession> {
  const { requestId, network } = browser;
  const former = formerSession(browser);
  const device = deviceName(browser.userAgent);
  const token = randomToken();

  const mayUnlock = decide(way, 'unlock').kind === 'allow';
  const getsMark = way.restricted === null;
  const shown = readMarks(browser.device);
  const [language, locked, , replaced, endedMarks] = await Promise.all([
    lockForOpening(transaction, { holderId }, former),
    mayUnlock
      ? liftFreeze(transaction, { holderId, kind: 'unfrozen-by-eds', requestId }).then(() => false)
      : isLocked(transaction, holderId),
    former && endFormerSession(transaction, former),
    endOldestSessions(transaction, holderId, settings),
    getsMark ? endMarks(transaction, holderId, shown.hashes) : [],
    insertSession(transaction, {
      hash: tokenHash(token),
      holderId,
      way,
      shortName: shortName(person),
      device,
      network,
    }),
    forget.length > 0 && forgetFailures(transaction, forget),
    recordEvent(transaction, {
      holderId,
      kind: 'signed-in',
      detail: {
        method: way.method,
        ...(way.step === null ? {} : { step: way.step }),
        device,
        network,
      },
      requestId,
    }),
  ]);
  if (locked) throw new CabinetLocked();
  const [marked] = await Promise.all([
    getsMark
      ? keepMark(transaction, { holderId, method: way.method, trust, device, shown, endedMarks })
      : notifyOfUnmarked(transaction, holderId, { device, marks: shown.hashes }),
    replaced > 0 && recordEvent(transaction, { holderId, kind: 'session-replaced', requestId }),
  ]);
  return { token, device: marked, replaced, language };
}

/**
 * Gives a browser a new mark of this person, in the place of those that it had. The first one of a
 * browser sends a notice.
 * @returns the new value of its cookie
 */
export async function markBrowser(
  transaction: Queryable,
  marked: Omit<NewMark, 'device' | 'shown' | 'endedMarks'>,
  browser: Pick<SignInBrowser, 'device' | 'userAgent'>,
): Promise<string> {
  const shown = readMarks(browser.device);
  const endedMarks = await endMarks(transaction, marked.holderId, shown.hashes);
  return keepMark(transaction, { ...marked, device: deviceName(browser.userAgent), shown, endedMarks });
}

/** Whose browser gets a mark, and after which way in. */
type NewMark = Pick<SessionOpening, 'holderId' | 'trust'> &
  Pick<WayIn, 'method'> & {
    /** False: the holder was told of this browser before. */
    readonly isNew?: boolean;
    /** The name of the browser and of its system. */
    readonly device: string;
    /** What the browser has sent. */
    readonly shown: ShownMarks;
    /** The marks of this person that the new one replaces. */
    readonly endedMarks: readonly Buffer[];
  };

async function keepMark(
  transaction: Queryable,
  { holderId, method, trust = false, isNew = true, device, shown, endedMarks }: NewMark,
): Promise<string> {
  const mark = issueMark();
  await keepDevice(transaction, {
    holderId,
    hash: mark.hash,
    device,
    method,
    isNew: isNew && endedMarks.length === 0,
    replaces: shown.hashes,
    trust,
  });
  return shown.renewed(mark.token, endedMarks);
}

/**
 * Refuses a cabinet that its holder has locked. The caller has locked the holder's row, or asks
 * only to say why.
 * @throws CabinetLocked
 */
export async function refuseLocked(transaction: Queryable, holderId: string): Promise<void> {
  if (await isLocked(transaction, holderId)) throw new CabinetLocked();
}

/** The hash of the session that a browser had until now. */
export function formerSession({ formerToken }: SignInBrowser): Buffer | undefined {
  return formerToken === undefined ? undefined : tokenHash(formerToken);
}
