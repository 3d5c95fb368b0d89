import { type EvidenceRecord, type SealHash, type SealTree, sealTree } from 'nca-verify';
import type { Queryable } from '../../platform/postgres/database.ts';
import {
  readLeavesOf,
  readProofParts,
  readSealsOf,
  type StoredProof,
  type StoredSeal,
  type StoredSignature,
} from './store.ts';

/** Everything that is stored of signatures, in the form that a seal covers and a file holds. */
export async function recordsOf(
  database: Queryable,
  signatures: readonly StoredSignature[],
): Promise<readonly EvidenceRecord[]> {
  const ids = signatures.map(({ evidenceId }) => evidenceId);
  const proofs = groupById(await readProofParts(database, ids));
  const seals = groupById(await readSealsOf(database, ids));
  // Many signatures share a seal, so its tree is computed once.
  const paths = new Map<string, SealTree['paths']>();
  for (const { sealId, hash } of [...seals.values()].flat())
    if (!paths.has(sealId))
      paths.set(sealId, sealTree(await readLeavesOf(database, sealId), hash as SealHash).paths);
  return signatures.map((one) => ({
    ...partsOf(one, proofs.get(one.evidenceId) ?? []),
    seals: (seals.get(one.evidenceId) ?? []).map((seal) => sealOf(seal, paths.get(seal.sealId) ?? [])),
  }));
}

function groupById<Row extends { readonly evidenceId: string }>(
  rows: readonly Row[],
): ReadonlyMap<string, readonly Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const group = groups.get(row.evidenceId);
    if (group) group.push(row);
    else groups.set(row.evidenceId, [row]);
  }
  return groups;
}

function partsOf(
  { cms, content, ocspResponse, verifiedAt }: StoredSignature,
  proofs: readonly StoredProof[],
): Omit<EvidenceRecord, 'seals'> {
  const of = (wanted: StoredProof['kind']) =>
    proofs.filter(({ kind }) => kind === wanted).map(({ content: bytes }) => bytes);
  return {
    message: cms,
    content,
    verifiedAt,
    chain: of('issuer'),
    ocsp: [...(ocspResponse === null ? [] : [ocspResponse]), ...of('ocsp')],
    lists: of('list'),
    tokens: of('time-stamp'),
  };
}

function sealOf({ kind, hash, place, size, seal }: StoredSeal, paths: SealTree['paths']) {
  return { kind, hash: hash as SealHash, place, size, path: paths[place] ?? [], seal };
}
