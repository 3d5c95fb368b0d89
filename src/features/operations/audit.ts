import { createHash } from 'node:crypto';
import type { Keys } from '../../platform/keys.ts';
import type { Database, Queryable } from '../../platform/postgres/database.ts';
import {
  type AuditHead,
  type AuditSource,
  auditSources,
  type Batch,
  type CheckedEntry,
  findUnsealedRow,
  lockSealing,
  readAudit,
  readSealedEntries,
  readSeals,
  readUnsealedBatch,
  type Seal,
  type SealFacts,
  type Sealing,
  writeSeal,
} from './audit-store.ts';

/** The first fault found. */
export interface Finding {
  readonly what: 'altered' | 'missing' | 'added after the fact' | 'chain broken' | 'unknown key';
  readonly table?: string;
  readonly id?: string;
  readonly seal?: number;
  readonly detail?: string;
}

export type Verdict =
  | { readonly ok: true; readonly head: AuditHead | undefined; readonly seals: number; readonly rows: number }
  | { readonly ok: false; readonly finding: Finding };

/**
 * What `audit verify` compares with: a head kept elsewhere, and the number of its seal if that was
 * kept too.
 */
export interface KeptAuditHead {
  readonly head: string;
  readonly seal?: number | undefined;
}

/** Seals one batch: an HMAC for each row, and one for the whole including the previous head. */
function sealBatch(keys: Keys, { facts, previous, rows }: Batch): Sealing {
  const digests = rows.map(({ id, hash }) => keys.sign('audit row', rowText(facts, id, hash)));
  const entriesHash = hashEntries(rows.map(({ id }, index) => ({ id, digest: digests[index] as Buffer })));
  return {
    digests,
    entriesHash,
    keyMark: keys.sign('audit key', 'mark'),
    head: keys.sign('audit seal', sealText(facts, entriesHash, previous)),
  };
}

/** Seals all unsealed rows. Any node may do it, also two at once. */
export async function sealAll(
  database: Database,
  keys: Keys,
  onSealed: (head: AuditHead, firstOfDay: boolean) => void = () => undefined,
): Promise<void> {
  for (const source of auditSources) {
    for (let more = true; more; ) {
      const sealed = await sealNext(database, keys, source);
      more = sealed?.more ?? false;
      if (sealed) onSealed(sealed.head, sealed.firstOfDay);
    }
  }
}

/**
 * Seals the oldest rows of a table. Undefined when there is nothing to seal, or another node is
 * sealing.
 */
function sealNext(database: Database, keys: Keys, source: AuditSource) {
  return database.transaction(async (tx) => {
    if (!(await lockSealing(tx))) return undefined;
    const batch = await readUnsealedBatch(tx, source);
    if (!batch) return undefined;
    const sealing = sealBatch(keys, batch);
    await writeSeal(tx, batch, sealing);
    const { id: seal, sealedAt } = batch.facts;
    const head: AuditHead = { seal, sealedAt, head: sealing.head.toString('hex') };
    return { more: batch.more, head, firstOfDay: batch.firstOfDay };
  });
}

const sealsAtOnce = 5;

/**
 * Recomputes every row and every seal, oldest first, and stops at the first fault.
 * @param kept a head stored earlier. Without it, seals cut off from the end cannot be noticed.
 */
export function verifyAudit(
  database: Database,
  keys: Keys,
  kept?: KeptAuditHead,
  onProgress: (seals: number, rows: number) => void = () => undefined,
): Promise<Verdict> {
  return readAudit(database, async (tx) => {
    let previous: AuditHead | undefined;
    let rows = 0;
    let keptSeen = kept === undefined;
    for (;;) {
      const seals = await readSeals(tx, previous?.seal ?? 0, sealsAtOnce);
      if (seals.length === 0) break;
      const entries = await entriesOf(tx, seals);
      for (const seal of seals) {
        const own = entries.get(seal.id) ?? [];
        const finding = checkSeal(keys, seal, own, previous);
        if (finding) return { ok: false, finding };
        rows += own.length;
        previous = { seal: seal.id, sealedAt: seal.sealedAt, head: seal.head.toString('hex') };
        if (previous.head === kept?.head) keptSeen = kept.seal === undefined || kept.seal === seal.id;
      }
      onProgress(previous?.seal ?? 0, rows);
    }
    if (!keptSeen) {
      const detail = `the kept head${kept?.seal === undefined ? '' : `, of seal ${kept.seal},`} is not in the chain: seals were cut off or made anew`;
      return { ok: false, finding: { what: 'chain broken', detail } };
    }
    for (const source of auditSources) {
      const id = await findUnsealedRow(tx, source);
      if (id !== undefined)
        return { ok: false, finding: { what: 'added after the fact', table: source, id } };
    }
    return { ok: true, head: previous, seals: previous?.seal ?? 0, rows };
  });
}

async function entriesOf(
  tx: Queryable,
  seals: readonly Seal[],
): Promise<Map<number, readonly CheckedEntry[]>> {
  const [first, last] = [seals[0]?.id ?? 0, seals.at(-1)?.id ?? 0];
  const found = new Map<number, CheckedEntry[]>();
  for (const source of auditSources) {
    if (!seals.some((seal) => seal.source === source)) continue;
    for (const entry of await readSealedEntries(tx, source, first, last)) {
      const own = found.get(entry.sealId);
      if (own) own.push(entry);
      else found.set(entry.sealId, [entry]);
    }
  }
  return found;
}

function checkSeal(
  keys: Keys,
  seal: Seal & { readonly retired: boolean },
  entries: readonly CheckedEntry[],
  previous: AuditHead | undefined,
): Finding | undefined {
  const { id, source: table } = seal;
  const broken = (detail: string): Finding => ({ what: 'chain broken', table, seal: id, detail });
  const expected = (previous?.seal ?? 0) + 1;
  if (id !== expected) return { what: 'chain broken', seal: expected, detail: 'the seal is missing' };
  if (!auditSources.includes(table)) return broken('it names no table of the log');
  if (!keys.verify('audit key', 'mark', seal.keyMark)) return { what: 'unknown key', table, seal: id };
  for (const entry of entries) {
    const row = { table, id: entry.id, seal: id };
    if (entry.hash === undefined) return { what: 'missing', ...row };
    if (!keys.verify('audit row', rowText(seal, entry.id, entry.hash), entry.digest))
      return { what: 'altered', ...row };
    if (entry.late) return { what: 'added after the fact', ...row };
  }
  const gone = entries.length === 0 && seal.rows > 0;
  if (gone && !seal.retired)
    return {
      what: 'missing',
      table,
      seal: id,
      detail: `all its ${seal.rows} rows, and no retention says so`,
    };
  if (!gone && (entries.length !== seal.rows || !hashEntries(entries).equals(seal.entriesHash)))
    return broken(`it was made of ${seal.rows} rows, and the list of them was altered`);
  const text = sealText(seal, seal.entriesHash, Buffer.from(previous?.head ?? '', 'hex'));
  if (!keys.verify('audit seal', text, seal.head)) return broken('the seal was altered, or not made here');
  return undefined;
}

function rowText({ source, form }: SealFacts, id: string, hash: Buffer): string {
  return JSON.stringify([source, form, id, hash.toString('hex')]);
}

function sealText(facts: SealFacts, entriesHash: Buffer, previous: Buffer): string {
  const { id, source, form, rows, completeUntil, sealedAt } = facts;
  const bytes = [entriesHash, previous].map((one) => one.toString('hex'));
  return JSON.stringify([id, source, form, rows, completeUntil, sealedAt, ...bytes]);
}

function hashEntries(entries: readonly { readonly id: string; readonly digest: Buffer }[]): Buffer {
  const hash = createHash('sha256');
  for (const { id, digest } of entries) hash.update(`${id}\n`).update(digest);
  return hash.digest();
}
