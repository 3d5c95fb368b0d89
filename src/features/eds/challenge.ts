import { randomBytes } from 'node:crypto';
import type { Keys } from '../../platform/keys.ts';

/** What a signature is valid for. One made for one purpose is refused for the others. */
export type EdsPurpose = 'sign-in' | 'prove' | 'change';

/**
 * What a challenge is bound to: the browser before sign-in and the session after it, as a hash of
 * the cookie.
 */
export interface ChallengeFor {
  readonly purpose: EdsPurpose;
  readonly binding: Buffer;
  /** The origin that people see. */
  readonly site: string;
  /** The change to be signed, and its text in the person's language. */
  readonly change?: { readonly id: string; readonly lines: readonly string[] };
}

/** A challenge that was given out to be signed. */
export interface GivenChallenge {
  /** 256 random bits, different in every challenge. */
  readonly nonce: Buffer;
  /** By the database's clock. */
  readonly givenAt: Date;
  /** The bytes that were given out. */
  readonly content: Buffer;
}

const purposes: Readonly<Record<EdsPurpose, { readonly kk: string; readonly ru: string }>> = {
  'sign-in': { kk: 'кіру', ru: 'вход' },
  prove: { kk: 'жеке басты растау', ru: 'подтверждение личности' },
  change: { kk: 'деректемелерді өзгертуге қол қою', ru: 'подписание изменения реквизитов' },
};

/**
 * Creates a challenge. Its id holds the time, the random bits, and a seal over the bytes and the
 * cookie. This lets the server recognise it without storing it.
 */
export function createChallenge(
  keys: Keys,
  asked: ChallengeFor,
  givenAt: Date,
): { readonly id: string; readonly nonce: Buffer; readonly content: Buffer } {
  const nonce = randomBytes(32);
  const text = textOf(asked, givenAt, nonce);
  const seal = keys.sign(sealed, sealedText(asked, text));
  const id = [givenAt.getTime().toString(36), nonce.toString('base64url'), seal.toString('base64url')].join(
    '.',
  );
  return { id, nonce, content: Buffer.from(text) };
}

const idForm = /^([0-9a-z]{1,9})\.([\w-]{43})\.([\w-]{43})$/;

/**
 * The challenge of this id. Undefined unless we gave it out for exactly what `asked` says. The
 * caller checks its age.
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

/** What the key of the seal is derived for. */
const sealed = 'eds challenge';

function sealedText({ binding }: ChallengeFor, text: string): string {
  return `${binding.toString('hex')}\n${text}`;
}

/**
 * A line in Kazakh and one in Russian that name the site and the purpose, then the same for
 * machines, then the change, then the random bits. NCALayer does not show them, but whoever
 * verifies the signature later can read them.
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

/** `2026-11-23 06:31 (UTC+5)`: Kazakhstan has one time zone. */
function astanaTime(at: Date): string {
  const shifted = new Date(at.getTime() + 5 * 3_600_000).toISOString();
  return `${shifted.slice(0, 10)} ${shifted.slice(11, 16)} (UTC+5)`;
}
