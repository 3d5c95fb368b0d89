import { DatabaseAway } from '../outage.ts';
import type { Database, Queryable, Transaction } from './database.ts';
import { isUndone } from './failure.ts';
import { sql } from './sql.ts';

/** Milliseconds for which a standby may be read after the leader was last seen. */
const readFor = 5 * 60_000;
/** How far the standby may have been behind the leader then, in milliseconds. */
const mostLag = 5_000;
/** Milliseconds of silence after which the leader counts as away, without asking it once more. */
const silence = 3_000;

/** How far the leader's log had come at a moment. */
interface Sample {
  /** By the monotonic clock, before the leader was asked. */
  readonly begun: number;
  readonly at: Date;
  /** Bytes of the log up to which everything acknowledged before that is stored. */
  readonly position: number;
}

/** A connection to the standby on which one request reads. */
export interface StandbyReading {
  /** Everything that was acknowledged up to here is shown. */
  readonly asOf: Date;
  /** Reads on that connection. A transaction on it is refused as an outage. */
  readonly database: Database;
  release(): void;
}

/** A standby from which pages are read while the leader is away. */
export interface Standby {
  /**
   * Asks the leader how far its log has come, and whether the standby could be read now. Once a
   * second. Never throws.
   */
  look(): Promise<void>;
  /** Whether the standby could be read at the last look. */
  readonly readable: boolean;
  /** Whether the leader gives no answer, so that nobody need wait for it. */
  leaderIsAway(): boolean;
  /**
   * Takes a connection. Undefined when the standby does not answer, when it is not known to have
   * been less than five seconds behind the leader, or when the leader was last seen more than five
   * minutes ago.
   */
  read(): Promise<StandbyReading | undefined>;
  close(): Promise<void>;
}

export interface StandbyOptions {
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
  /** Called when the leader stops or begins to answer. */
  readonly onLeader?: (isAway: boolean) => void;
}

/**
 * Measures a standby without its clock and without anything that it says of itself: the leader says
 * how far its log has come, and the standby how far it has replayed. A position that was replayed
 * proves that everything acknowledged before it was asked for is there. The position is read on the
 * connection that serves the request, so an address that leads to several standbys is safe.
 */
export function createStandby(
  leader: Queryable,
  replica: Database,
  { now, onLeader }: StandbyOptions,
): Standby {
  /** Of the last five seconds in which the leader was seen, the newest last. */
  let samples: readonly Sample[] = [];
  let system: string | undefined;
  let failed = false;
  let readable = false;

  const lastSeen = () => samples.at(-1)?.begun;

  /** Undefined where too little was replayed, or of another database. */
  async function coveredBy(connection: Queryable): Promise<Sample | undefined> {
    const there = await readReplayed(connection);
    if (!there || there.system !== system) return undefined;
    const { position } = there;
    if (position === null) return undefined;
    return samples.findLast((sample) => sample.position <= position);
  }

  function mayRead(): boolean {
    const seen = lastSeen();
    return seen !== undefined && now() - seen <= readFor;
  }

  async function ask(): Promise<void> {
    const [begun, at] = [now(), new Date()];
    const found = await readPosition(leader).catch(() => undefined);
    if (failed !== (found === undefined)) onLeader?.(found === undefined);
    failed = found === undefined;
    if (!found) return;
    system = found.system;
    const sample = { begun, at, position: found.position };
    samples = [...samples.filter((one) => one.begun > begun - mostLag), sample];
  }

  async function read(): Promise<StandbyReading | undefined> {
    if (!mayRead()) return undefined;
    const pinned = await pin(replica).catch(() => undefined);
    if (!pinned) return undefined;
    const { connection, release } = pinned;
    const sample = await coveredBy(connection).catch(() => undefined);
    if (sample && mayRead()) return { asOf: sample.at, database: readOnly(replica, connection), release };
    release();
    return undefined;
  }

  return {
    async look() {
      await ask();
      const reading = await read();
      readable = reading !== undefined;
      reading?.release();
    },
    get readable() {
      return readable;
    },
    leaderIsAway() {
      const seen = lastSeen();
      return failed || (seen !== undefined && now() - seen > silence);
    },
    read,
    close: () => replica.close(),
  };
}

/** @throws when it is not the leader, which alone knows the end of the log */
async function readPosition(
  leader: Queryable,
): Promise<{ readonly system: string; readonly position: number }> {
  const row = await leader.first<{ system: string; position: number }>(sql`
    select system_identifier::text as system,
      pg_wal_lsn_diff(pg_current_wal_flush_lsn(), '0/0')::bigint as position
    from pg_control_system()`);
  if (!row) throw new Error('the leader gave no row');
  return row;
}

/**
 * How far the standby has replayed what it received. A promoted one stays where it was: what it
 * writes itself says nothing about its former leader.
 */
function readReplayed(
  connection: Queryable,
): Promise<{ readonly system: string; readonly position: number | null } | undefined> {
  return connection.first(sql`
    select system_identifier::text as system,
      pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0')::bigint as position
    from pg_control_system()`);
}

/** Takes a connection out of the pool until it is released. */
function pin(replica: Database): Promise<{ readonly connection: Queryable; readonly release: () => void }> {
  return new Promise((resolve, reject) => {
    replica
      .batch(
        (connection) =>
          new Promise<void>((release) => {
            resolve({ connection, release });
          }),
      )
      .catch(reject);
  });
}

/** Statements on one connection to a standby. One that would write is an outage. */
function readOnly(replica: Database, connection: Queryable): Database {
  // A statement that hinders the replay is cancelled like one that lost a race.
  const away = (error: unknown): never => {
    throw isUndone(error) ? new DatabaseAway('STANDBY_CONFLICT', { cause: error }) : error;
  };
  const reads: Queryable = {
    rows: <Row extends object>(statement: Parameters<Queryable['rows']>[0]) =>
      connection.rows<Row>(statement).catch(away),
    first: <Row extends object>(statement: Parameters<Queryable['first']>[0]) =>
      connection.first<Row>(statement).catch(away),
    run: (statement) => connection.run(statement).catch(away),
  };
  return {
    ...replica,
    ...reads,
    batch: (work) => work(reads),
    transaction: <Value>(_work: (transaction: Transaction) => Promise<Value>) =>
      Promise.reject<Value>(new DatabaseAway('STANDBY')),
  };
}
