import { atTime, bytes, type PeopleTable, uuid } from './population-values.ts';

const day = 24 * 60 * 60_000;

/**
 * The second steps of people. They belong to nobody who is visited: whoever signs in there would be
 * asked for a step.
 * @param soon a time within the next day
 */
export function ofFactors(soon: (n: number) => string): readonly PeopleTable[] {
  const absent = (n: number) => uuid('absent', n);
  return [
    {
      table: 'cabinet.sign_in_step',
      columns: 'step_hash, step_id, holder_id, expires_at',
      share: 0.01,
      row: (n) => [bytes(n, 32), uuid('step', n), absent(n), soon(n)],
    },
    {
      table: 'cabinet.second_step',
      columns: 'holder_id, sms_allowed_at',
      share: 0.2,
      row: (n) => [absent(n), atTime(30 * day)],
    },
    {
      table: 'cabinet.authenticator',
      columns: 'holder_id, secret, sealed_by, last_counter, by_eds, confirmed_at',
      share: 0.1,
      row: (n) => [absent(n), bytes(n, 60), bytes(0, 32), 59_000_000, 'false', atTime(30 * day)],
    },
    {
      table: 'cabinet.authenticator_setup',
      columns: 'holder_id, secret, expires_at',
      share: 0.001,
      row: (n) => [absent(n), bytes(n, 60), soon(n)],
    },
    {
      table: 'cabinet.backup_code',
      columns: 'holder_id, label, code_hash',
      share: 1,
      row: (n) => [absent(Math.floor(n / 10)), `A${n % 10}`, '$argon2id$v=19$m=19456,t=2,p=1$'],
    },
    {
      table: 'cabinet.passkey_user',
      columns: 'holder_id, user_handle',
      share: 0.1,
      row: (n) => [absent(n), bytes(n, 32)],
    },
    {
      table: 'cabinet.passkey',
      columns: 'credential_id, holder_id, public_key, counter, backed_up, name, by_eds',
      share: 0.1,
      row: (n) => [bytes(n, 32), absent(n), bytes(n, 77), 0, 'true', 'Chrome · Android', 'false'],
    },
    {
      table: 'cabinet.passkey_spent',
      columns: 'nonce, expires_at',
      share: 0.01,
      row: (n) => [bytes(n, 32), soon(n)],
    },
  ];
}
