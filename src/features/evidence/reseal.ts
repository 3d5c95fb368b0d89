import { CompactSign } from 'jose';
import { EVIDENCE_SEAL_TYPE, evidenceLeaf, type SealHash, sealTree } from 'nca-verify';
import { readNow } from '../../platform/postgres/clock.ts';
import type { Database } from '../../platform/postgres/database.ts';
import { accepted, type Result, refused } from '../../values/result.ts';
import type { TimeStamper } from '../eds/verifier.ts';
import type { SealKeys } from '../receipt-seal/seal-keys.ts';
import { recordsOf } from './record.ts';
import { lockResealing, readUnsealed, stopWaiting, writeEvidenceSeal } from './store.ts';

/** What makes a seal of a root. */
export interface EvidenceSealer {
  readonly kind: 'time-stamp' | 'key';
  seal(
    root: Uint8Array,
    about: { readonly hash: SealHash; readonly size: number },
  ): Promise<Result<{ readonly seal: Uint8Array; readonly until: Date | null }, string>>;
}

/** Seals by the time-stamp authority. */
export function sealByTimeStamp(timeStamper: TimeStamper): EvidenceSealer {
  return {
    kind: 'time-stamp',
    async seal(root) {
      const stamped = await timeStamper.stampData(root);
      return stamped.ok ? accepted({ seal: stamped.value.token, until: stamped.value.until }) : stamped;
    },
  };
}

/** Seals with the key that seals receipts, by the database's clock. */
export function sealByKey({ signing: { key, kid } }: SealKeys, database: Database): EvidenceSealer {
  return {
    kind: 'key',
    async seal(root, { hash, size }) {
      const time = (await readNow(database)).toISOString();
      const payload = { hash, root: Buffer.from(root).toString('hex'), size, time };
      const seal = await new CompactSign(Buffer.from(JSON.stringify(payload)))
        .setProtectedHeader({ alg: 'ES256', kid, typ: EVIDENCE_SEAL_TYPE })
        .sign(key);
      return accepted({ seal: Buffer.from(seal), until: null });
    },
  };
}

export interface ResealOptions {
  readonly sealer: EvidenceSealer;
  /** `due`: what is due. A number: everything that was sealed more than so many days ago. */
  readonly which: 'due' | number;
  readonly hash: SealHash;
  /** False where no authority gives the time-stamps that signatures wait for. */
  readonly awaitTimeStamps: boolean;
  /** Signatures of one seal. */
  readonly portion?: number;
  readonly onProgress?: (sealed: number) => void;
}

/**
 * Days after which a seal is covered by a new one. An authority of time-stamps lasts three years.
 */
export const daysOfSeal = 300;

/** A seal covers at most this many signatures. */
const mostOfSeal = 1_000;

/**
 * Covers the signatures of changes, with all their proof and earlier seals, by new seals. Each
 * portion is a transaction, so after an interruption it goes on where it stopped, and run again it
 * finds nothing to do.
 * @returns how many were sealed, or why not: `busy` if somebody else does it, or the sealer's
 * reason
 */
export async function resealEvidence(
  database: Database,
  { sealer, which, hash, awaitTimeStamps, portion = mostOfSeal, onProgress }: ResealOptions,
): Promise<Result<number, string>> {
  const now = await readNow(database);
  const unsealed = which === 'due' ? which : { before: new Date(now.getTime() - which * 86_400_000) };
  let [after, total] = ['0', 0];
  for (;;) {
    const from = after;
    const done = await database.transaction(async (tx) => {
      if (!(await lockResealing(tx))) return refused('busy');
      const waiting = awaitTimeStamps ? ('leave-out' as const) : ('take' as const);
      const signatures = await readUnsealed(tx, { which: unsealed, after: from, waiting, most: portion });
      const last = signatures.at(-1);
      if (!last) return accepted(undefined);
      if (!awaitTimeStamps)
        await stopWaiting(
          tx,
          signatures.map(({ evidenceId }) => evidenceId),
        );
      const records = await recordsOf(tx, signatures);
      const leaves = records.map((record) => evidenceLeaf(record, hash));
      const { root } = sealTree(leaves, hash);
      const sealed = await sealer.seal(root, { hash, size: leaves.length });
      if (!sealed.ok) return sealed;
      await writeEvidenceSeal(
        tx,
        {
          kind: sealer.kind,
          hash,
          root,
          ...sealed.value,
          leaves: signatures.map(({ evidenceId }, index) => ({
            evidenceId,
            ordinal: (records[index]?.seals.length ?? 0) + 1,
            leaf: leaves[index] as Uint8Array,
          })),
        },
        daysOfSeal,
      );
      return accepted({ count: signatures.length, last: last.evidenceId });
    });
    if (!done.ok) return done;
    if (!done.value) return accepted(total);
    after = done.value.last;
    total += done.value.count;
    onProgress?.(total);
  }
}
