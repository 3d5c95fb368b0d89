import { randomBytes } from 'node:crypto';
import type { Keys } from '../../platform/keys.ts';

/** What a signature is good for. One made for a purpose is refused for the other. */
export type EdsPurpose = 'sign-in' | 'change';

/**
 * Whom a challenge is for: the browser before sign-in, the session after it; a hash of its cookie.
 */
export interface ChallengeFor {
  readonly purpose: EdsPurpose;
  readonly binding: Buffer;
  /** The origin people see. */
  readonly site: string;
  /** The change it is about, and its text in the person's language. */
  readonly change?: { readonly id: string; readonly lines: readonly string[] };
}

/** What was given out to be signed. */
export interface GivenChallenge {
  /** 256 random bits that no other challenge has. */
  readonly nonce: Buffer;
  /** By the database's clock. */
  readonly givenAt: Date;
  /** The very bytes. */
  readonly content: Buffer;
}

const purposes: Readonly<Record<EdsPurpose, { readonly kk: string; readonly ru: string }>> = {
  'sign-in': { kk: 'кіру', ru: 'вход' },
  change: { kk: 'деректемелерді өзгертуге қол қою', ru: 'подписание изменения реквизитов' },
};

/**
 * Makes a challenge. Its id carries the time, the random bits and a seal over the bytes and the
 * cookie, so that it is known again without having been kept.
 */
export function createChallenge(
  keys: Keys,
  asked: ChallengeFor,
  givenAt: Date,
): { readonly id: string; readonly content: Buffer } {
  const nonce = randomBytes(32);
  const text = textOf(asked, givenAt, nonce);
  const seal = keys.sign(sealed, sealedText(asked, text));
  const id = [givenAt.getTime().toString(36), nonce.toString('base64url'), seal.toString('base64url')].join(
    '.',
  );
  return { id, content: Buffer.from(text) };
}

const idForm = /^([0-9a-z]{1,9})\.([\w-]{43})\.([\w-]{43})$/;

/**
 * The challenge of this id; undefined unless it was given out by us for exactly what is asked. Its
 * age is not judged here.
 */
export function readChallenge(keys: Keys, asked: ChallengeFor, id: string): GivenChallenge | undefined {
  const [, time = '', random = '', seal = ''] = idForm.exec(id) ?? [];
  const givenAt = new Date(Number.parseInt(time, 36));
  if (Number.isNaN(givenAt.getTime())) return undefined;
  const nonce = Buffer.from(random, 'base64url');
  const text = textOf(asked, givenAt, nonce);
  if (!keys.verify(sealed, sealedText(asked, text), Buffer.from(seal, 'base64url'))) return undefined;
  return { nonce, givenAt, content: Buffer.from(text) };
}

/** What the key is derived for. */
const sealed = 'eds challenge';

function sealedText({ binding }: ChallengeFor, text: string): string {
  return `${binding.toString('hex')}\n${text}`;
}

/**
 * A line in Kazakh and one in Russian that say where and what for, then the same for machines, then
 * the change, then the random bits. NCALayer does not show them, but whoever verifies the signature
 * later can read them.
 */
function textOf({ purpose, site, change }: ChallengeFor, givenAt: Date, nonce: Buffer): string {
  const host = new URL(site).host;
  const { kk, ru } = purposes[purpose];
  const time = astanaTime(givenAt);
  return [
    `БЖЗҚ жеке кабинеті, ${host}: ${kk}, ${time} / Личный кабинет ЕНПФ, ${host}: ${ru}, ${time}`,
    `purpose: ${purpose}`,
    `site: ${site}`,
    `time: ${givenAt.toISOString()}`,
    ...(change === undefined ? [] : [`change: ${change.id}`, ...change.lines]),
    `nonce: ${nonce.toString('base64url')}`,
    '',
  ].join('\n');
}

/** `2026-11-23 06:31 (UTC+5)`: Kazakhstan has one time. */
function astanaTime(at: Date): string {
  const shifted = new Date(at.getTime() + 5 * 3_600_000).toISOString();
  return `${shifted.slice(0, 10)} ${shifted.slice(11, 16)} (UTC+5)`;
}
