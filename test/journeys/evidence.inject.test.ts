import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createTrust,
  type EvidenceRecord,
  readEvidence,
  readTimeStampResponse,
  timeStampRequest,
  verify,
  writeEvidence,
} from 'nca-verify';
import { cmsPem, createTestAuthority, type Identity, signCms, timeStampResponse } from 'nca-verify/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { keepSealed } from '../../src/features/evidence/keep-sealed.ts';
import { type EvidenceSealer, resealEvidence } from '../../src/features/evidence/reseal.ts';
import { addTimeStamp } from '../../src/features/evidence/store.ts';
import { stampSignatures } from '../../src/features/evidence/time-stamps.ts';
import { createNcaVerifier, type NcaVerifier } from '../../src/gateways/nca/verifier.ts';
import { sql } from '../../src/platform/postgres/sql.ts';
import { root } from '../../src/platform/root.ts';
import type { Client } from '../support/client.ts';
import {
  brokenResponder,
  openTestNca,
  signChallenge,
  startTimeStamps,
  type TestNca,
} from '../support/eds.ts';
import { edsChangeForm } from '../support/eds-visitor.ts';
import { kabinet } from '../support/kabinet.ts';
import { inventPerson, type PersonLine } from '../support/people.ts';
import { receiptKey, startService, type TestService } from '../support/service.ts';
import { formOf, signedIn } from '../support/signed-in.ts';

// A signed change gets a time-stamp and seals, and is proved by them after its certificate has
// ended.

const form = '/services/requisites';
const path = '/services/requisites/confirm';

let nca: TestNca;
let service: TestService;
let stamps: Awaited<ReturnType<typeof startTimeStamps>>;
let responder: Awaited<ReturnType<TestNca['startResponder']>>;
let verifier: NcaVerifier;
let environment: Readonly<Record<string, string>>;
let folder: string;
let people = 9_840;

beforeAll(async () => {
  nca = openTestNca();
  stamps = await startTimeStamps(nca);
  responder = await nca.startResponder();
  environment = { ...nca.environment, EDS_TSA_URL: stamps.url, EDS_OCSP_URL: responder.url };
  service = await startService(environment, { work: false });
  const trust = nca.environment['EDS_TRUST'] ?? '';
  const common = { threads: 1, everyMs: 0, clock: () => performance.now() };
  const urls = { ocspUrl: responder.url, tsaUrl: stamps.url, crlDir: undefined };
  verifier = createNcaVerifier({ ...common, ...urls, trust: { folder: trust } }, () => undefined);
  folder = mkdtempSync(join(tmpdir(), 'kabinet-evidence-'));
});

beforeEach(() => stamps.answerBy(undefined));

afterAll(async () => {
  await verifier.close();
  await service.close();
  await stamps.close();
  await responder.close();
  nca.close();
  rmSync(folder, { recursive: true });
});

interface Holder {
  readonly person: PersonLine;
  readonly client: Client;
  readonly key: Identity;
}

async function holder(): Promise<Holder> {
  const person = inventPerson(people);
  people += 1;
  await service.enrol(person);
  return { person, client: await signedIn(service, person), key: nca.key(person) };
}

/** Changes the e-mail by signature. @returns the number of the receipt */
async function sign(
  { client, key }: Holder,
  by: (key: Identity, data: string) => string = signChallenge,
): Promise<string> {
  const page = await client.get(form);
  await client.post(
    form,
    formOf(page.body, form, { email: 'jana@example.kz' }).filter(([name]) => name !== 'proof'),
  );
  const confirm = await client.get(path);
  const csrf = edsChangeForm(confirm.body).filter(([name]) => name === 'csrf');
  const { id, data } = JSON.parse((await client.post(`${path}/challenge`, csrf)).body) as {
    id: string;
    data: string;
  };
  const answer = await client.post(path, edsChangeForm(confirm.body, id, by(key, data)));
  return /^\/receipts\/([0-9A-Z]{12})$/.exec(String(answer.headers['location']))?.[1] ?? '';
}

/** What waits for a time-stamp, and what has been added to the signature of a receipt. */
async function standing(number: string) {
  return service.database.first<{
    waits: boolean;
    failure: string | null;
    attempts: number | null;
    due: boolean;
    kinds: string[];
  }>(sql`
    select w.evidence_id is not null as waits, failure, attempts, coalesce(next_at <= now(), false) as due,
      array(select kind from cabinet.eds_proof p where p.evidence_id = e.evidence_id order by proof_id) as kinds
    from cabinet.eds_evidence e left join cabinet.eds_stamp_wait w using (evidence_id) where number = ${number}`);
}

/** What a message is worth at its time-stamp in two years. */
function verdictOf(message: Uint8Array): string {
  const files = readdirSync(nca.environment['EDS_TRUST'] ?? '').filter((name) => name.endsWith('.cer'));
  const trust = createTrust(
    files.map((name) => readFileSync(join(nca.environment['EDS_TRUST'] ?? '', name))),
  );
  const now = new Date(Date.now() + 2 * 365 * 86_400_000);
  const verdict = verify({ message, at: 'time-stamp', now, trust, revocation: 'skip' });
  return verdict.ok ? 'ok' : verdict.reason;
}

const work = () => stampSignatures({ database: service.database, timeStamper: verifier.timeStamper });
const due = () => service.database.run(sql`update cabinet.eds_stamp_wait set next_at = now()`);
const command = (...args: readonly string[]) =>
  kabinet(service.connection, ['evidence', ...args], { ...environment, RECEIPT_KEYS: receiptKey });

async function exported(number: string, name: string): Promise<EvidenceRecord> {
  const file = join(folder, name);
  const { code, err } = await command('export', number, '--reason', 'case 4711', '--to', file);
  expect([code, err]).toEqual([0, '']);
  const record = readEvidence(readFileSync(file, 'utf8'));
  if (!record) throw new Error('no record');
  return record;
}

/** What `nca-verify --evidence` prints of a record after so many years. */
function proved(record: EvidenceRecord, years: number, ...more: readonly string[]) {
  const file = join(folder, 'proved.json');
  writeFileSync(file, writeEvidence(record));
  const at = new Date(Date.now() + years * 365 * 86_400_000).toISOString();
  const { status, stdout } = spawnSync(
    process.execPath,
    [
      join(root, 'packages/nca-verify/bin/nca-verify.js'),
      '--evidence',
      file,
      '--at',
      at,
      '--trust',
      nca.environment['EDS_TRUST'] ?? '',
      ...more,
    ],
    { encoding: 'utf8' },
  );
  return { status, stdout };
}

describe('a time-stamp', () => {
  test('is asked for after the change, checked, and kept with an answer about revocation', async () => {
    const of = await holder();
    const number = await sign(of);
    const before = await of.client.get(`/receipts/${number}.cms`);
    expect(await standing(number)).toMatchObject({ waits: true, due: true, kinds: ['issuer', 'issuer'] });
    const asked = stamps.questions.length;
    await work();
    await work();
    expect(stamps.questions.length).toBe(asked + 1);
    expect(await standing(number)).toMatchObject({
      waits: false,
      kinds: ['issuer', 'issuer', 'time-stamp', 'ocsp'],
    });
    // The file that the person downloads has it inside.
    const later = await of.client.get(`/receipts/${number}.cms`);
    const verdict = verdictOf(later.bytes);
    expect([verdictOf(before.bytes), verdict]).toEqual(['noTrustedTime', 'ok']);
  });

  test('does not hold up a change while the authority is away: it is marked, and asked for again', async () => {
    stamps.answerBy(() => 500);
    const [first, second] = [await sign(await holder()), await sign(await holder())];
    const asked = stamps.questions.length;
    await work();
    // The second one would fail as well, so it is not asked for and not marked.
    expect(stamps.questions.length).toBe(asked + 1);
    expect(await standing(first)).toMatchObject({
      waits: true,
      failure: 'noAnswer',
      attempts: 1,
      due: false,
    });
    expect(await standing(second)).toMatchObject({ waits: true, failure: null, attempts: 0, due: true });
    stamps.answerBy(undefined);
    await work();
    expect(await standing(second)).toMatchObject({ waits: false });
    expect(await standing(first)).toMatchObject({ waits: true });
    await due();
    await work();
    expect(await standing(first)).toMatchObject({ waits: false });
  });

  test.each<[string, () => (question: Buffer) => Uint8Array | number, string]>([
    [
      'for another question',
      () => {
        const former = stamps.questions[0] ?? Buffer.alloc(0);
        return () => nca.answerTimeStamp(former);
      },
      'imprintMismatch',
    ],
    [
      'of a stranger',
      () => {
        const stranger = createTestAuthority({ at: new Date(), name: 'STRANGER' });
        return (question) => stranger.answerTimeStamp(question, new Date());
      },
      'untrusted',
    ],
    ['that is refused', () => () => timeStampResponse(null), 'notGranted'],
    ['that cannot be read', () => () => Buffer.from('<html>'), 'malformed'],
    ['that is too large', () => () => Buffer.alloc(100_000, 0x30), 'noAnswer'],
  ])('%s is not kept', async (_what, answer, failure) => {
    const number = await sign(await holder());
    stamps.answerBy(answer());
    await work();
    expect(await standing(number)).toMatchObject({
      waits: true,
      failure,
      due: false,
      kinds: ['issuer', 'issuer'],
    });
    stamps.answerBy(undefined);
    await due();
    await work();
    expect(await standing(number)).toMatchObject({ waits: false });
  });

  test.each([
    ['right', false],
    ['wrong', true],
  ])('that the agent gave, if it is %s, is asked for: %s', async (kind, asked) => {
    const stranger = createTestAuthority({ at: new Date(), name: 'STRANGER' });
    const give = (signature: Uint8Array): Uint8Array => {
      if (kind === 'wrong') return stranger.timeStamp(signature, new Date());
      const question = timeStampRequest(signature, { nonce: Buffer.alloc(8, 1) });
      const answer = readTimeStampResponse(nca.answerTimeStamp(Buffer.from(question)));
      if (!answer.ok) throw new Error(answer.detail);
      return answer.token;
    };
    const of = await holder();
    const number = await sign(of, (key, data) =>
      cmsPem(signCms(key, Buffer.from(data, 'base64'), { timeStamps: (signature) => [give(signature)] })),
    );
    expect((await standing(number))?.waits).toBe(asked);
    await work();
    const record = await exported(number, `${kind}.json`);
    expect(record.tokens).toHaveLength(asked ? 1 : 0);
    expect(proved(record, 3).status).toBe(0);
  });

  test('is not waited for longer than a few seconds', async () => {
    const silent = await brokenResponder('silence');
    const trust = { folder: nca.environment['EDS_TRUST'] ?? '' };
    const waiting = createNcaVerifier(
      {
        trust,
        ocspUrl: undefined,
        tsaUrl: silent.url,
        crlDir: undefined,
        threads: 1,
        everyMs: 0,
        clock: () => performance.now(),
      },
      () => undefined,
    );
    expect(await waiting.timeStamper?.stampData(Buffer.from('x'))).toMatchObject({ reason: 'noAnswer' });
    await waiting.close();
    await silent.close();
  });

  test('is given back when the process stops meanwhile', async () => {
    const number = await sign(await holder());
    const deps = { database: service.database, timeStamper: verifier.timeStamper };
    await stampSignatures(deps, AbortSignal.abort());
    expect(await standing(number)).toMatchObject({ waits: true, attempts: 0, due: true });
    await work();
  });
});

describe('seals', () => {
  const sealsIn = (output: string) => Number(/^(\d+) signed changes/.exec(output)?.[1]);

  test('cover every signed change once, and again when asked; the evidence outlives the certificate', async () => {
    const of = await holder();
    const number = await sign(of);
    const waiting = await sign(await holder());
    await service.database.run(sql`
      update cabinet.eds_stamp_wait w set next_at = now() + interval '1 hour' from cabinet.eds_evidence e
      where e.evidence_id = w.evidence_id and number = ${waiting}`);
    await work();
    expect(sealsIn((await command('reseal')).out)).toBeGreaterThan(1);
    expect(sealsIn((await command('reseal')).out)).toBe(0);
    expect((await standing(waiting))?.waits).toBe(true);
    const once = await exported(number, 'once.json');
    expect([once.tokens.length, once.seals.length, once.ocsp.length]).toEqual([1, 1, 2]);
    expect((await exported(waiting, 'waiting.json')).seals).toHaveLength(0);

    expect(sealsIn((await command('reseal', '--older-than', '0', '--hash', 'sha512')).out)).toBeGreaterThan(
      1,
    );
    const twice = await exported(number, 'twice.json');
    expect(twice.seals.map(({ kind, hash }) => [kind, hash])).toEqual([
      ['time-stamp', 'sha256'],
      ['time-stamp', 'sha512'],
    ]);

    for (const record of [once, twice]) {
      const { status, stdout } = proved(record, 3);
      expect([status, stdout]).toEqual([0, expect.stringContaining(`IIN ${of.person.iin}`)]);
      expect(stdout).toContain('Why that can be believed');
      expect(stdout).not.toContain('But:');
    }
    expect(proved({ ...twice, ocsp: twice.ocsp.slice(1) }, 3)).toMatchObject({
      status: 1,
      stdout: expect.stringContaining('sealBroken of seal 2'),
    });
    const events = await service.database.first<{ n: number }>(sql`
      select count(*)::int as n from cabinet.security_event join cabinet.holder using (holder_id)
      where iin = ${of.person.iin} and kind = 'looked-at' and detail->>'reason' = 'case 4711'`);
    expect(events?.n).toBe(2);
  });

  test('by the key of the service are believed with its published keys, and say so', async () => {
    const number = await sign(await holder());
    await work();
    const { code, out } = await command('reseal', '--by', 'key');
    expect([code, sealsIn(out) > 0]).toEqual([0, true]);
    const record = await exported(number, 'key.json');
    const keys = join(folder, 'keys.json');
    const published = await service.server.inject({ url: '/.well-known/jwks.json' });
    writeFileSync(keys, published.body);
    expect(proved(record, 3).status).toBe(1);
    const proof = proved(record, 3, '--seal-keys', keys);
    expect([proof.status, proof.stdout]).toEqual([
      0,
      expect.stringContaining('only the word of the archive'),
    ]);
  });

  test('go on where they stopped, one at a time, and leave alone what was sealed', async () => {
    const numbers = [await sign(await holder()), await sign(await holder())];
    await work();
    let left = 1;
    const failing: EvidenceSealer = {
      kind: 'time-stamp',
      async seal(seen) {
        left -= 1;
        if (left < 0) return { ok: false, reason: 'noAnswer' };
        const stamped = await verifier.timeStamper?.stampData(seen);
        if (!stamped?.ok) throw new Error('no stamp');
        return { ok: true, value: { seal: stamped.value.token, until: stamped.value.until } };
      },
    };
    const options = { which: 300, hash: 'sha256', awaitTimeStamps: true, portion: 1 } as const;
    const reseal = () => resealEvidence(service.database, { ...options, sealer: failing });
    expect(await reseal()).toMatchObject({ ok: false, reason: 'noAnswer' });
    left = 100;
    expect(await reseal()).toEqual({ ok: true, value: 1 });
    expect(await reseal()).toEqual({ ok: true, value: 0 });
    const records = await Promise.all(numbers.map((number) => exported(number, `${number}.json`)));
    for (const record of records) expect(proved(record, 3).status).toBe(0);

    // A seal says what there was. A late time-stamp would break it.
    const id = await service.database.first<{ id: string }>(sql`
      insert into cabinet.eds_stamp_wait (evidence_id) select evidence_id from cabinet.eds_evidence
      where number = ${numbers[0] ?? ''} returning evidence_id::text as id`);
    const late = { token: Buffer.from('late'), time: new Date(), ocspResponse: Buffer.from('late') };
    await addTimeStamp(service.database, id?.id ?? '', late);
    expect(await exported(numbers[0] ?? '', 'late.json')).toEqual(records[0]);
  });

  test('are made by background work of what is due, and again before they end', async () => {
    const number = await sign(await holder());
    const keep = () =>
      keepSealed({
        database: service.database,
        timeStamper: verifier.timeStamper,
        receiptKeys: [receiptKey],
      });
    await keep();
    // It has no time-stamp yet.
    expect((await exported(number, 'due0.json')).seals).toHaveLength(0);
    await work();
    await keep();
    await keep();
    expect((await exported(number, 'due1.json')).seals).toHaveLength(1);
    const due = await service.database.first<{ days: number }>(sql`
      select extract(days from due_at - now())::int as days from cabinet.evidence_due
      join cabinet.eds_evidence using (evidence_id) where number = ${number}`);
    expect(due?.days).toBeGreaterThan(290);
    await service.database.run(sql`
      update cabinet.evidence_due d set due_at = now() from cabinet.eds_evidence e
      where e.evidence_id = d.evidence_id and number = ${number}`);
    await keep();
    const twice = await exported(number, 'due2.json');
    expect([twice.seals.length, proved(twice, 3).status]).toEqual([2, 0]);

    // Without an authority, the key seals, and what waits for a time-stamp gets none.
    const other = await sign(await holder());
    await keepSealed({ database: service.database, timeStamper: undefined, receiptKeys: undefined });
    expect((await standing(other))?.waits).toBe(true);
    await keepSealed({ database: service.database, timeStamper: undefined, receiptKeys: [receiptKey] });
    expect((await standing(other))?.waits).toBe(false);
    expect((await exported(other, 'key2.json')).seals).toMatchObject([{ kind: 'key' }]);

    const unsealed = await sign(await holder());
    await work();
    stamps.answerBy(() => 500);
    await expect(keep()).rejects.toThrow('no seal of evidence: noAnswer');
    stamps.answerBy(undefined);
    await keep();
    expect((await exported(unsealed, 'due3.json')).seals).toHaveLength(1);
  });

  test('by an authority that ends soon are made again before it does, and not all the time', async () => {
    const number = await sign(await holder());
    await work();
    const inDays = async (days: number): Promise<number> => {
      const until = new Date(Date.now() + days * 86_400_000);
      const sealer: EvidenceSealer = {
        kind: 'time-stamp',
        seal: async () => ({ ok: true, value: { seal: Buffer.from('seal'), until } }),
      };
      await service.database.run(sql`update cabinet.evidence_due set due_at = now()`);
      const options = { which: 'due', hash: 'sha256', awaitTimeStamps: true } as const;
      expect(await resealEvidence(service.database, { ...options, sealer })).toMatchObject({ ok: true });
      const row = await service.database.first<{ days: number }>(sql`
        select round(extract(epoch from due_at - now()) / 86400)::int as days from cabinet.evidence_due
        join cabinet.eds_evidence using (evidence_id) where number = ${number}`);
      return row?.days ?? 0;
    };
    expect([await inDays(1_000), await inDays(200), await inDays(70)]).toEqual([300, 140, 30]);
  });

  test('are made by one command at a time', async () => {
    await service.database.transaction(async (tx) => {
      await tx.run(sql`select pg_advisory_xact_lock(${0x72_65_73_6c})`);
      const { code, err } = await command('reseal', '--older-than', '0');
      expect([code, err]).toEqual([1, expect.stringContaining('another command is sealing now')]);
    });
  });

  test('the status counts all of it', async () => {
    await sign(await holder());
    const { out } = await command('status');
    expect(out).toMatch(/changes signed by EDS: \d+\n.*with a time-stamp that was asked for: \d+\n/);
    expect(out).toMatch(/that wait for one: 1 \(since/);
  });

  test('there is nothing to export of a change that was not signed', async () => {
    const { code, err } = await command(
      'export',
      'AAAAAAAAAAAA',
      '--reason',
      'x',
      '--to',
      join(folder, 'none'),
    );
    expect([code, err]).toEqual([1, expect.stringContaining('no change with this number was signed')]);
  });
});
