/** Makes records of evidence, and seals over them, as an archive does. */
import { type KeyObject, sign } from 'node:crypto';
import {
  EVIDENCE_SEAL_TYPE,
  type EvidenceRecord,
  type EvidenceSeal,
  evidenceLeaf,
  type SealHash,
  sealTree,
} from '../src/evidence.ts';

/** A record with the parts that a test names. */
export function recordOf(parts: Partial<EvidenceRecord> & Pick<EvidenceRecord, 'message'>): EvidenceRecord {
  const none = { chain: [], ocsp: [], lists: [], tokens: [], seals: [] };
  return { content: null, verifiedAt: null, ...none, ...parts };
}

/** Seals records together: each gets its path to the common root. */
export function sealTogether(
  records: readonly EvidenceRecord[],
  kind: EvidenceSeal['kind'],
  seal: (root: Uint8Array, hash: SealHash, size: number) => Uint8Array,
  hash: SealHash = 'sha256',
): readonly EvidenceRecord[] {
  const leaves = records.map((record) => evidenceLeaf(record, hash));
  const size = leaves.length;
  const { root, paths } = sealTree(leaves, hash);
  const made = seal(root, hash, size);
  return records.map((record, place) => ({
    ...record,
    seals: [...record.seals, { kind, hash, place, size, path: paths[place] ?? [], seal: made }],
  }));
}

const base64url = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A JWS by ES256 over anything. */
export function jws(key: KeyObject, header: object, payload: object): Uint8Array {
  const text = `${base64url(header)}.${base64url(payload)}`;
  const signature = sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' });
  return Buffer.from(`${text}.${signature.toString('base64url')}`);
}

/** What an archive's own key makes of a root. */
export function keySeal(key: KeyObject, kid: string, time: Date) {
  return (root: Uint8Array, hash: SealHash, size: number): Uint8Array =>
    jws(
      key,
      { alg: 'ES256', kid, typ: EVIDENCE_SEAL_TYPE },
      { hash, root: Buffer.from(root).toString('hex'), size, time: time.toISOString() },
    );
}
