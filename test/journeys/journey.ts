import type { PersonLine } from '../support/people.ts';
import type { Visitor } from '../support/visitor.ts';

/** How a journey is run. */
export type Way = 'inject' | 'browser without JavaScript' | 'browser with JavaScript';

/** A sequence of actions of one person, from beginning to end. */
export interface Journey {
  readonly name: string;
  /** The ways in which it makes sense. All of them by default. */
  readonly ways?: readonly Way[];
  run(world: World): Promise<void>;
}

/** The surroundings of a journey. */
export interface World {
  /** A person at a new browser, who has never been here. */
  visitor(): Promise<Visitor>;
  /** A person of the fund with a cabinet and with values that nobody else has. */
  person(different?: Partial<PersonLine>): Promise<PersonLine>;
  /** Makes the sessions of a person `minutes` older. */
  ageSessions(person: PersonLine, minutes: number): Promise<void>;
  /** Makes every delay after failed sign-ins `minutes` older. */
  ageFailures(minutes: number): Promise<void>;
  /** The number of saved changes of a person, of their messages to the fund, and the revision. */
  saved(
    person: PersonLine,
  ): Promise<{ readonly changes: number; readonly outbox: number; readonly revision: number }>;
  /** The exact values stored for a person. */
  onFile(person: PersonLine): Promise<PersonLine['requisites']>;
  /** The fields of each change that was queued for the fund, oldest first. */
  sentToFund(person: PersonLine): Promise<readonly unknown[]>;
  /**
   * What is stored about the source of a person's address. Null before it was ever changed here.
   */
  addressSource(person: PersonLine): Promise<unknown>;
  /** The "this wasn't me" link of a notice sent to this person. */
  notMePath(person: PersonLine): Promise<string>;
  /**
   * Every SMS or e-mail that was sent to this value, newest first, once no message is on its way.
   */
  inbox(to: string | null): Promise<readonly string[]>;
  /** Makes all unfinished registrations and recoveries, and their codes, `minutes` older. */
  ageEntries(minutes: number): Promise<void>;
  /** Makes all sign-ins that wait for their second step `minutes` older. */
  ageSteps(minutes: number): Promise<void>;
  /** Adds a passkey that no device has, in sessions whose holder has just proved who they are. */
  givePasskey(person: PersonLine, name: string): Promise<void>;
  /** Makes all quotas of codes `minutes` older. */
  ageAllowances(minutes: number): Promise<void>;
  /** Makes the pending change of a person, and its proofs, `minutes` older. */
  agePending(person: PersonLine, minutes: number): Promise<void>;
  /** Makes every waiting time after a change of mobile or e-mail or a recovery `hours` older. */
  ageContacts(person: PersonLine, hours: number): Promise<void>;
  /** A change made at a branch of the fund, which the cabinet does not know yet. */
  changeAtBranch(person: PersonLine, fields: Partial<PersonLine['requisites']>): Promise<void>;
}

/** Signs in on the current page. */
export async function signIn(visitor: Visitor, person: PersonLine): Promise<void> {
  await visitor.fill('ЖСН', person.iin);
  await visitor.fill('Құпиясөз', person.password ?? '');
  await visitor.press('Кіру');
}

/** Opens the requisites as this person. */
export async function openRequisites(visitor: Visitor, person: PersonLine): Promise<void> {
  await visitor.open('/services/requisites');
  await signIn(visitor, person);
}

/**
 * The code in the newest message to this value that has one. It is at the end of the last line,
 * `@host #CODE`.
 */
export async function codeTo(world: World, to: string | null): Promise<string> {
  const [newest] = await codesTo(world, to);
  if (newest === undefined) throw new Error('no code was sent there');
  return newest;
}

/** The codes of all messages to this value, newest first. */
export async function codesTo(world: World, to: string | null): Promise<string[]> {
  const messages = await world.inbox(to);
  return messages.flatMap((text) => /@\S+ #([0-9A-Z]+)$/.exec(text)?.[1] ?? []);
}
