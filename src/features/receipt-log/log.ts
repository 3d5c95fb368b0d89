import { randomBytes } from 'node:crypto';
import type { Database } from '../../platform/postgres/database.ts';
import { leafContent } from '../../receipt/leaf.ts';
import type { ReceiptInLog } from '../../receipt/sealed-content.ts';
import type { ReceiptSealer } from '../receipt-seal/sealer.ts';
import { loggedDocument } from './logged-document.ts';
import { leafHash, pathOf, rootOf } from './merkle.ts';
import {
  findLastDay,
  findLeaf,
  insertLeaf,
  lockClosing,
  readDaysToClose,
  readLeaves,
  readOpenLeaves,
  readUnlogged,
  type UnloggedChange,
  writeDay,
} from './store.ts';

/** Leaves that one pass makes at once. */
const portion = 1_000;

export interface ReceiptLogDeps {
  readonly database: Database;
  /** Undefined where receipts have no seal. There is no log then. */
  readonly receiptSealer: ReceiptSealer | undefined;
}

/** Gives every change a leaf, and closes the days that are over. Any process may do it. */
export async function keepReceiptLog({ database, receiptSealer }: ReceiptLogDeps): Promise<void> {
  if (!receiptSealer) return;
  for (let more = true; more; ) {
    const changes = await readUnlogged(database, portion);
    for (const change of changes) await logChange(database, change);
    more = changes.length === portion;
  }
  for (const day of await readDaysToClose(database)) {
    if (!(await closeDay(database, receiptSealer, day))) return;
  }
}

async function logChange(database: Database, change: UnloggedChange): Promise<void> {
  const salt = randomBytes(16);
  const content = leafContent(salt, {
    number: change.number,
    madeAt: change.madeAt.toISOString(),
    document: loggedDocument(change.document),
    proof: change.proof,
    changes: change.entries.map(({ field, old, new: value }) => ({ field, old, new: value })),
  });
  await insertLeaf(database, change.changeId, { salt, leaf: leafHash(content) });
}

/** Returns false when another process closes a day, or has closed this one. */
function closeDay(database: Database, sealer: ReceiptSealer, day: string): Promise<boolean> {
  return database.transaction(async (tx) => {
    if (!(await lockClosing(tx))) return false;
    const last = await findLastDay(tx);
    if (last && last.day >= day) return false;
    const rows = await readOpenLeaves(tx, day);
    const root = rootOf(rows.map(({ leaf }) => leaf));
    const size = rows.length;
    const head = await sealer.signHead({ day, size, root: root.toString('hex') }, last?.head);
    await writeDay(
      tx,
      { day, size, root, head },
      rows.map(({ changeId }) => changeId),
    );
    return true;
  });
}

/** Finds a receipt in the log. It is put there if the background work has not done so yet. */
export async function findInLog(
  database: Database,
  change: UnloggedChange,
): Promise<ReceiptInLog | undefined> {
  let found = await findLeaf(database, change.number);
  if (!found) {
    await logChange(database, change);
    found = await findLeaf(database, change.number);
  }
  if (!found) return undefined;
  const { salt, day, place, head } = found;
  if (place === null || head === null) return { salt: salt.toString('hex'), day, proof: null };
  const path = pathOf(await readLeaves(database, day), place);
  return {
    salt: salt.toString('hex'),
    day,
    proof: { place, path: path.map((node) => node.toString('hex')), head },
  };
}
