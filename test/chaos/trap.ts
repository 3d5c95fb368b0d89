import { setTimeout as pause } from 'node:timers/promises';
import type { Database, Transaction } from '../../src/platform/postgres/database.ts';
import { type Watch, watchDatabase, watchStatements } from '../support/watched-database.ts';
import type { Order, Point } from './points.ts';

/** A fault that is planted to prove that the kill test finds it. */
export type Plant = 'acknowledge before COMMIT';

/** Makes a process kill itself by SIGKILL at a given point. */
export interface Trap {
  readonly database: Database;
  /** Returns false when the order is not for this process. */
  obey(order: Order): boolean;
  /** SIGTERM has arrived: from now on, steps belong to the drain. */
  drain(): void;
  /** Everything is drained: this is the last point to die at. */
  drained(): void;
}

/** The statements of a save and a delivery, recognised by their text. */
const rowLock = /^select from cabinet\.holder where holder_id = \$1 for no key update$/;
const earlierSave = /form_hash as "formHash" from cabinet\.change/;
const write = /saved as \(\s*insert into cabinet\.change/;
const lease = /update cabinet\.outbox o set leased_until = now\(\) \+/;
const mark = /update cabinet\.outbox set delivered_at = now\(\)/;
const putBack = /update cabinet\.outbox set (leased_until = null|dead_at = now\(\))/;

/** Puts a trap around a pool. The product's code does not know about it. */
export function setTrap(database: Database, plant?: Plant): Trap {
  let armed: Point | undefined;
  let draining = false;
  /** Changes that this process has leased and not yet marked, by the id of their message. */
  const inHand = new Map<unknown, string>();

  const die = () => process.kill(process.pid, 'SIGKILL');
  const reach = (point: Point) => {
    if (armed === point) die();
  };

  const trapped =
    (inTransaction: boolean): Watch =>
    async ({ text, values }, run) => {
      // One message, or a batch of them.
      const marked = [values[0]].flat().filter((id) => inHand.has(id));
      const isMark = mark.test(text) && marked.length > 0;
      if (isMark) reach('before the mark');
      const running = run();
      // pg has handed the statement to the socket by now. PostgreSQL may or may not execute it.
      if (inTransaction && write.test(text) && armed === 'with the write on its way') setImmediate(die);
      const outcome = await running;
      if (draining) reach('while it drains after SIGTERM');
      if (inTransaction && rowLock.test(text)) reach('after the row lock');
      if (!inTransaction && earlierSave.test(text)) reach('after the look for an earlier save');
      if (lease.test(text)) noteLeased(outcome);
      if (isMark || putBack.test(text)) for (const id of marked) inHand.delete(id);
      if (isMark) reach('after the mark');
      return outcome;
    };

  function noteLeased(outcome: unknown): void {
    const changes = (outcome as readonly { outboxId: number; changeId: string | null }[]).filter(
      ({ changeId }) => changeId !== null,
    );
    if (changes.length > 0) reach('after the lease of the outbox');
    for (const { outboxId, changeId } of changes) if (changeId !== null) inHand.set(outboxId, changeId);
  }

  async function transaction<Value>(work: (transaction: Transaction) => Promise<Value>): Promise<Value> {
    reach('before BEGIN');
    let saves = false;
    /** The write touches no row when another save came first. */
    let wrote = false;
    /** The last statement travels with COMMIT; to stop between the two, it goes alone. */
    const apart = () => plant !== undefined || armed === 'after the write, before COMMIT';
    const watched = (inner: Transaction): Transaction => {
      const watch: Watch = async (statement, run, on) => {
        const isWrite = write.test(statement.text);
        saves ||= isWrite;
        const outcome = await trapped(true)(statement, run, on);
        wrote ||= isWrite && outcome === 1;
        return outcome;
      };
      const own = watchStatements(inner, watch);
      return {
        ...own,
        last(statement) {
          if (apart()) return own.run(statement);
          const running = watch(statement, () => inner.last(statement), inner);
          if (saves && armed === 'with COMMIT on its way') setImmediate(die);
          return running;
        },
      };
    };
    const upToCommit = async (inner: Transaction, acknowledge?: (value: Value) => void) => {
      reach('after BEGIN');
      const value = await work(watched(inner));
      if (!saves) return value;
      if (acknowledge) {
        acknowledge(value);
        // The answer must reach its client before this process dies, on a busy machine too.
        await pause(250);
      }
      if (wrote) reach('after the write, before COMMIT');
      if (armed === 'with COMMIT on its way') setImmediate(die);
      return value;
    };

    if (plant === 'acknowledge before COMMIT') {
      return new Promise((resolve, reject) => {
        database.transaction((inner) => upToCommit(inner, resolve)).then(resolve, reject);
      });
    }
    const value = await database.transaction((inner) => upToCommit(inner));
    if (saves) reach('after COMMIT, before the answer');
    return value;
  }

  return {
    database: { ...watchDatabase(database, trapped(false)), transaction },
    obey(order) {
      if ('arm' in order) armed = order.arm;
      else if ([...inHand.values()].includes(order.dieWith)) die();
      else return false;
      return true;
    },
    drain() {
      draining = true;
    },
    drained: () => reach('while it drains after SIGTERM'),
  };
}
