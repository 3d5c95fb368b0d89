import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import type { ConnectionFields } from '../../src/platform/postgres/database.ts';
import { inventIinAmong } from './people.ts';
import { ofFactors } from './population-factors.ts';
import { ofReminders } from './population-reminders.ts';
import { sealsOf } from './population-seals.ts';
import { atTime, bytes, cell, type Filled, hex, type PeopleTable, uuid } from './population-values.ts';

export interface Population {
  readonly people: number;
  /** The hash of everybody's password. */
  readonly passwordHash: string;
  /**
   * The least number of rows of each table for each person. 0 keeps the proportions of a real
   * population; 1 makes every table at least as large as the table of people.
   */
  readonly atLeast?: number;
}

/**
 * Fills a migrated, empty database with people who have used the service for three years. Uses COPY
 * without foreign keys, and updates the statistics at the end. Only some security events have
 * expired, and nobody is signed in.
 * @param connection of a superuser, because only a superuser may disable foreign keys
 */
export async function fillPopulation(
  connection: ConnectionFields,
  { people, passwordHash, atLeast = 0 }: Population,
): Promise<void> {
  const client = new pg.Client({ ...connection, statement_timeout: 0 });
  await client.connect();
  try {
    await client.query('set session_replication_role = replica');
    for (const { table, columns, share, row } of tables(people, passwordHash)) {
      await copy(client, table, columns, Math.ceil(people * Math.max(share, atLeast)), row);
    }
    for (const { table, columns, rows, row } of sealsOf(people, atLeast === 0 ? 5_000 : 2))
      await copy(client, table, columns, rows, row);
    await setSequences(client);
    await client.query('vacuum analyze');
    await client.query('checkpoint');
  } finally {
    await client.end();
  }
}

async function copy(
  client: pg.Client,
  table: string,
  columns: string,
  rows: number,
  row: Filled['row'],
): Promise<void> {
  const target = client.query(copyFrom(`copy ${table} (${columns}) from stdin`));
  await pipeline(Readable.from(lines(rows, row), { objectMode: true }), target);
}

/** Lines in COPY's text format, a few hundred kilobytes at a time. */
function* lines(rows: number, row: Filled['row']): Generator<Buffer> {
  let text = '';
  for (let n = 0; n < rows; n += 1) {
    text += `${row(n).map(cell).join('\t')}\n`;
    if (text.length > 200_000) {
      yield Buffer.from(text);
      text = '';
    }
  }
  if (text !== '') yield Buffer.from(text);
}

/**
 * Sets the sequences above the numbers in the rows, and marks the changes made at branches as
 * followed.
 */
async function setSequences(client: pg.Client): Promise<void> {
  for (const [table, column] of [
    ['cabinet.security_event', 'event_id'],
    ['cabinet.outbox', 'outbox_id'],
    ['cabinet.eds_evidence', 'evidence_id'],
    ['cabinet.eds_proof', 'proof_id'],
    ['cabinet.evidence_seal', 'seal_id'],
    ['fund.change_elsewhere', 'change_no'],
  ]) {
    await client.query(
      `select setval(pg_get_serial_sequence('${table}', '${column}'), (select max(${column}) from ${table}))`,
    );
  }
  await client.query(
    'update cabinet.fund_feed set cursor = (select max(change_no) from fund.change_elsewhere)',
  );
}

/** The person that a row is about: everybody in turn, in an order that the tables do not know. */
const holderOf = (n: number, people: number) => uuid('holder', (n * 48_271) % people);

const minute = 60_000;
const day = 24 * 60 * minute;

function tables(people: number, passwordHash: string): readonly PeopleTable[] {
  const holder = (n: number) => holderOf(n, people);
  /** A time between two ages in days, the oldest first. */
  const spread = (n: number, share: number, from: number, to: number) =>
    atTime(
      from * day - ((n % Math.max(1, people * share)) / Math.max(1, people * share)) * (from - to) * day,
    );
  return [
    ...ofPeople(people, passwordHash),
    ...ofHistory(people, holder, spread),
    ...ofKeys(holder, spread),
    ...ofReminders(people),
  ];
}

function ofPeople(people: number, passwordHash: string): readonly PeopleTable[] {
  const phone = (n: number) => `+7701${String(n % 10_000_000).padStart(7, '0')}`;
  const email = (n: number) => `adam.${n}@example.kz`;
  const requisites = (n: number) => ({
    address: `Алматы қ., Абай даңғылы, ${(n % 300) + 1}-үй`,
    apartment: String((n % 90) + 1),
    postcode: '050000',
    homePhone: null,
    contactPhone: null,
    mobilePhone: phone(n),
    email: email(n),
  });
  const document = (n: number) => ({
    id: 'd1',
    type: 'identity-card',
    series: null,
    number: String(40_000_000 + n).padStart(9, '0'),
    issuedOn: '2019-09-06',
    validUntil: '2049-09-05',
    issuedBy: 'МВД РК',
  });
  const account = (n: number) => ({
    kind: 'opv',
    number: String(n).padStart(18, '9'),
    notification: 'internet-eds',
  });
  const person = (n: number) =>
    JSON.stringify({ iin: inventIinAmong(n), documents: [document(n)], requisites: requisites(n) });
  return [
    {
      table: 'fund.person',
      columns: 'iin, surname, name, documents, accounts, requisites, imported, import_hash',
      share: 1,
      row: (n) => [
        inventIinAmong(n),
        'Сынақов',
        'Айдос',
        JSON.stringify([document(n)]),
        JSON.stringify([account(n)]),
        JSON.stringify(requisites(n)),
        JSON.stringify(requisites(n)),
        bytes(n, 64),
      ],
    },
    {
      table: 'cabinet.holder',
      columns: 'holder_id, iin',
      share: 1,
      row: (n) => [uuid('holder', n), inventIinAmong(n)],
    },
    {
      table: 'cabinet.credential',
      columns: 'holder_id, password_hash',
      share: 1,
      row: (n) => [uuid('holder', n), passwordHash],
    },
    {
      table: 'cabinet.requisites',
      columns: 'holder_id, address, apartment, postcode, mobile_phone, email, mobile_since, email_since',
      share: 1,
      row: (n) => {
        const { address, apartment, postcode, mobilePhone } = requisites(n);
        return [
          uuid('holder', n),
          address,
          apartment,
          postcode,
          mobilePhone,
          email(n),
          '2020-01-01',
          '2020-01-01',
        ];
      },
    },
    {
      table: 'cabinet.recovery_contact',
      columns: 'holder_id, channel, value, usable_from',
      share: 2,
      row: (n) =>
        n % 2 === 0
          ? [uuid('holder', n >> 1), 'mobile', phone(n >> 1), '-infinity']
          : [uuid('holder', n >> 1), 'email', email(n >> 1), '-infinity'],
    },
    {
      table: 'cabinet.fund_copy',
      columns: 'holder_id, person',
      share: 0,
      row: (n) => [uuid('holder', n), person(n)],
    },
    {
      table: 'cabinet.freeze',
      columns: 'holder_id',
      share: 0.01,
      row: (n) => [uuid('holder', people - 1 - n)],
    },
    {
      table: 'fund.change_elsewhere',
      columns: 'iin, version, fields, change_no',
      share: 0.1,
      row: (n) => [inventIinAmong(n), 1, '{"postcode": "050000"}', n + 1],
    },
  ];
}

type Spread = (n: number, share: number, from: number, to: number) => string;

function ofHistory(people: number, holder: (n: number) => string, spread: Spread): readonly PeopleTable[] {
  const entries = JSON.stringify([{ field: 'apartment', old: '1', new: '2' }]);
  return [
    {
      table: 'cabinet.receipt_leaf',
      columns: 'change_id, salt, leaf, day',
      share: 1,
      row: (n) => [uuid('change', n), bytes(n, 16), bytes(n, 32), new Date().toISOString().slice(0, 10)],
    },
    {
      table: 'cabinet.change',
      columns:
        'change_id, holder_id, number, form_id, form_hash, revision, made_by, proof, entries, request_id, made_at',
      share: 1,
      row: (n) => [
        uuid('change', n),
        holder(n),
        `R${hex(n)}`,
        uuid('form', n),
        bytes(n, 32),
        2,
        'holder',
        'password-session',
        entries,
        hex(n),
        spread(n, 1, 3 * 365, 1),
      ],
    },
    {
      table: 'fund.applied_change',
      columns: 'change_id, iin, fields, sequence',
      share: 1,
      row: (n) => [uuid('change', n), inventIinAmong((n * 48_271) % people), '{"apartment": "2"}', n + 1],
    },
    {
      table: 'cabinet.security_event',
      columns: 'event_id, holder_id, kind, detail, made_at',
      share: 2,
      row: (n) => [
        n + 1,
        holder(n),
        n % 2 === 0 ? 'signed-in' : 'requisites-saved',
        '{"device": "Firefox, Linux"}',
        spread(n, 2, 3 * 365 + 5, 1),
      ],
    },
    {
      table: 'cabinet.outbox',
      columns:
        'outbox_id, holder_id, lane, change_id, payload, attempts, next_attempt_at, delivered_at, dead_at, created_at',
      share: 1.3,
      row: (n) => {
        const isChange = n < people;
        const at = isChange ? spread(n, 1, 3 * 365, 1) : spread(n - people, 0.3, 29, 1);
        const payload = isChange
          ? '{"fields": {"apartment": "2"}}'
          : `{"kind": "new-device", "channel": "${n % 2 === 0 ? 'mobile' : 'email'}", "to": "+77010000000"}`;
        const isDead = !isChange && n % 200 === 0;
        return [
          n + 1,
          holder(n),
          isChange ? 'fund' : 'notice',
          isChange ? uuid('change', n) : null,
          payload,
          1,
          at,
          isDead ? null : at,
          isDead ? at : null,
          at,
        ];
      },
    },
    {
      table: 'cabinet.eds_evidence',
      columns:
        'evidence_id, holder_id, purpose, content, cms, certificate_sha256, certificate_serial, certificate_until, revocation_source, request_id, challenged_at, verified_at',
      share: 0.1,
      row: (n) => [
        n + 1,
        holder(n),
        'sign-in',
        bytes(n, 64),
        bytes(n, 512),
        hex(n),
        hex(n),
        '2049-01-01',
        'ocsp',
        hex(n),
        spread(n, 0.1, 3 * 365, 1),
        spread(n, 0.1, 3 * 365, 1),
      ],
    },
    {
      table: 'cabinet.eds_proof',
      columns: 'proof_id, evidence_id, kind, content, made_at',
      share: 0.1,
      row: (n) => [n + 1, n + 1, 'time-stamp', bytes(n, 512), spread(n, 0.1, 3 * 365, 1)],
    },
    {
      table: 'cabinet.evidence_seal',
      columns: 'seal_id, kind, hash, size, root, seal, made_at',
      share: 0.1,
      row: (n) => [n + 1, 'key', 'sha256', 1, bytes(n, 32), bytes(n, 256), spread(n, 0.1, 3 * 365, 1)],
    },
    {
      table: 'cabinet.evidence_due',
      columns: 'evidence_id, due_at',
      share: 0.1,
      row: (n) => [n + 1, '2049-01-01'],
    },
    {
      table: 'cabinet.evidence_leaf',
      columns: 'evidence_id, ordinal, seal_id, place, leaf',
      share: 0.1,
      row: (n) => [n + 1, 1, n + 1, 0, bytes(n, 32)],
    },
  ];
}

function ofKeys(holder: (n: number) => string, spread: Spread): readonly PeopleTable[] {
  /** Ends within the next day. */
  const soon = (n: number) => atTime(-(60 + (n % 1_380)) * minute);
  return [
    {
      table: 'cabinet.session',
      columns:
        'session_hash, holder_id, method, short_name, device, started_at, seen_at, ended_at, end_reason',
      share: 1,
      row: (n) => {
        const at = spread(n, 1, 29, 1);
        const over = n % 5 === 0;
        return [
          bytes(n, 32),
          holder(n),
          'password',
          'А. С.',
          'Firefox',
          at,
          at,
          over ? null : at,
          over ? null : 'signed-out',
        ];
      },
    },
    {
      table: 'cabinet.known_device',
      columns: 'holder_id, device_hash, first_at, seen_at',
      share: 1,
      row: (n) => [uuid('holder', n), bytes(n, 32), atTime(390 * day), spread(n, 1, 390, 1)],
    },
    {
      table: 'cabinet.code',
      columns: 'code_id, holder_id, purpose, channel, destination, created_at, expires_at, used_at',
      share: 0.1,
      row: (n) => {
        const at = spread(n, 0.1, 29, 1);
        return [uuid('code', n), holder(n), 'recover', 'email', `adam.${n}@example.kz`, at, at, at];
      },
    },
    {
      table: 'cabinet.disavowal',
      columns: 'disavowal_id, holder_id, created_at',
      share: 0.3,
      row: (n) => [uuid('disavowal', n), holder(n), spread(n, 0.3, 59, 1)],
    },
    {
      table: 'cabinet.draft',
      columns: 'holder_id, form, sealed, expires_at',
      share: 0.02,
      row: (n) => [uuid('holder', n), 'kept', bytes(n, 300), soon(n)],
    },
    {
      table: 'cabinet.pending_change',
      columns: 'holder_id, change_id, form_id, form_hash, revision, document, entries, expires_at',
      share: 0.01,
      // People who are not visited: they would be shown the waiting change.
      row: (n) => [
        uuid('absent', n),
        uuid('pending', n),
        uuid('form', n),
        bytes(n, 32),
        1,
        'null',
        '[]',
        soon(n),
      ],
    },
    {
      table: 'cabinet.entry',
      columns: 'entry_hash, kind, asked, language, network, code_id, examined_at, done_at, expires_at',
      share: 0.05,
      row: (n) => [
        bytes(n, 32),
        'recover',
        bytes(n, 100),
        'kk',
        bytes(n, 16),
        uuid('code', n),
        atTime(minute),
        atTime(minute),
        soon(n),
      ],
    },
    {
      table: 'cabinet.failure',
      columns: 'key, failures, expires_at',
      share: 0.05,
      row: (n) => [bytes(n, 32), 1, soon(n)],
    },
    {
      table: 'cabinet.allowance',
      columns: 'key, used, ends_at',
      share: 0.1,
      row: (n) => [bytes(n, 32), 1, soon(n)],
    },
    {
      table: 'cabinet.audit_retention',
      columns: 'source, last_seal, rows, made_at',
      share: 0,
      row: (n) => ['security_event', 0, 0, spread(n, 1, 365, 1)],
    },
    {
      table: 'cabinet.eds_spent',
      columns: 'nonce, expires_at',
      share: 0.01,
      row: (n) => [bytes(n, 32), soon(n)],
    },
    {
      table: 'cabinet.eds_challenge',
      columns: 'challenge_id, purpose, binding, content, expires_at',
      share: 0,
      row: (n) => [uuid('challenge', n), 'sign-in', bytes(n, 32), bytes(n, 64), soon(n)],
    },
    {
      table: 'cabinet.sms_part',
      columns: 'gateway_id, message_id, part, handed_over_at',
      share: 0.1,
      row: (n) => [`g${hex(n)}`, `m${hex(n)}`, 1, spread(n, 0.1, 29, 1)],
    },
    {
      table: 'cabinet.message_letters',
      columns: 'letters_mac, wording_id, day, recipient, handed_over_at',
      share: 1,
      row: (n) => {
        const at = spread(n, 1, 59, 1);
        return [bytes(n, 16), bytes(n % 200, 16), at.slice(0, 10), String(n % 100).padStart(2, '0'), at];
      },
    },
    {
      table: 'cabinet.inbox',
      columns: 'message_id, channel, recipient, language, body, sent_at',
      share: 0.1,
      row: (n) => [`m${hex(n)}`, 'email', 'adam@example.kz', 'kk', 'Сәлеметсіз бе', spread(n, 0.1, 29, 1)],
    },
    ...ofFactors(soon),
  ];
}
