import type { PersonLine } from '../support/people.ts';
import type { Visitor } from '../support/visitor.ts';

/** How a journey is made. */
export type Way = 'inject' | 'browser without JavaScript' | 'browser with JavaScript';

/** Something a person does from beginning to end. */
export interface Journey {
  readonly name: string;
  /** The ways in which it means something; all of them by default. */
  readonly ways?: readonly Way[];
  run(world: World): Promise<void>;
}

/** What stands around a journey. */
export interface World {
  /** Someone at a browser of their own, who has never been here. */
  visitor(): Promise<Visitor>;
  /** A person of the fund with a cabinet, like nobody else. */
  person(different?: Partial<PersonLine>): Promise<PersonLine>;
  /** Lets so many minutes pass for the sessions of a person. */
  ageSessions(person: PersonLine, minutes: number): Promise<void>;
  /** Lets so many minutes pass for every delay after failed sign-ins. */
  ageFailures(minutes: number): Promise<void>;
  /**
   * How many changes of a person are saved, receipts and rows on their way to the fund among them.
   */
  saved(
    person: PersonLine,
  ): Promise<{ readonly changes: number; readonly outbox: number; readonly revision: number }>;
  /** The values that are stored of a person, exactly. */
  onFile(person: PersonLine): Promise<PersonLine['requisites']>;
  /** The fields of each change that was queued for the fund, the oldest first. */
  sentToFund(person: PersonLine): Promise<readonly unknown[]>;
  /**
   * What is stored of where a person's address comes from; null before it was ever changed here.
   */
  addressSource(person: PersonLine): Promise<unknown>;
  /** The "this wasn't me" link of a notice that was sent to this person. */
  notMePath(person: PersonLine): Promise<string>;
  /**
   * Every SMS or e-mail that was sent to this value, the newest first, once nothing is on its way
   * any more.
   */
  inbox(to: string | null): Promise<readonly string[]>;
  /**
   * Lets so many minutes pass for begun registrations and recoveries of everybody, and their codes.
   */
  ageEntries(minutes: number): Promise<void>;
  /** Lets so many minutes pass for everything that was counted to limit codes. */
  ageAllowances(minutes: number): Promise<void>;
  /** Lets so many minutes pass for the pending change of a person and the proofs given for it. */
  agePending(person: PersonLine, minutes: number): Promise<void>;
  /**
   * Lets so many hours pass for everything that waits after a change of mobile or e-mail or a
   * recovery.
   */
  ageContacts(person: PersonLine, hours: number): Promise<void>;
  /** A change made at a branch of the fund, unknown to the cabinet. */
  changeAtBranch(person: PersonLine, fields: Partial<PersonLine['requisites']>): Promise<void>;
}

/** Signs in on the page that is open. */
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
 * The code in the newest message to this value that carries one: the end of its last line, `@host
 * #CODE`.
 */
export async function codeTo(world: World, to: string | null): Promise<string> {
  const [newest] = await codesTo(world, to);
  if (newest === undefined) throw new Error('no code was sent there');
  return newest;
}

/** The codes of all messages to this value, the newest first. */
export async function codesTo(world: World, to: string | null): Promise<string[]> {
  const messages = await world.inbox(to);
  return messages.flatMap((text) => /@\S+ #([0-9A-Z]+)$/.exec(text)?.[1] ?? []);
}
