import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JSONWebKeySet } from 'jose';
import { createTrust, productionCertificates, verify, verifyEvidence, writeEvidence } from 'nca-verify';
import { cmsPem, createTestAuthority, signCms } from 'nca-verify/testing';
import { exportEvidence } from '../../src/features/evidence/export.ts';
import { resealEvidence, sealByKey } from '../../src/features/evidence/reseal.ts';
import { signHead } from '../../src/features/receipt-log/head.ts';
import { keepReceiptLog } from '../../src/features/receipt-log/log.ts';
import { sealFile, sealLength, signCode } from '../../src/features/receipt-seal/seal.ts';
import { readSealKeys, type SealKeys } from '../../src/features/receipt-seal/seal-keys.ts';
import { createReceiptSealer } from '../../src/features/receipt-seal/sealer.ts';
import { sql } from '../../src/platform/postgres/sql.ts';
import { readHeads } from '../../src/receipt/check-log.ts';
import { checkSeal } from '../../src/receipt/check-seal.ts';
import { digestOfHead, openHead } from '../../src/receipt/head.ts';
import type { Judging } from '../../src/receipt/judge.ts';
import { emptyPlace, findPlace, sealIn } from '../../src/receipt/place.ts';
import type { SealedContent } from '../../src/receipt/sealed-content.ts';
import { verifyWith } from '../../src/receipt/verify-signature.ts';
import { dayAfter } from '../../src/values/time-zone.ts';
import { type Client, injectClient } from './client.ts';
import { openTestNca, signChallenge, type TestNca } from './eds.ts';
import { edsChangeForm } from './eds-visitor.ts';
import { readPage } from './page.ts';
import { overlaid } from './pdf-overlay.ts';
import { inventPerson } from './people.ts';
import { newSealKey } from './seal-keys.ts';
import { receiptKey, startService, type TestService } from './service.ts';
import { formOf, signedIn } from './signed-in.ts';

/** A service whose receipts are checked, and files of every kind that people bring. */
export interface CheckWorld {
  readonly service: TestService;
  readonly origin: string;
  readonly person: ReturnType<typeof inventPerson>;
  /** The files by their names, with what they are. */
  readonly files: ReadonlyMap<string, Buffer>;
  /** Where a file lies. */
  path(name: string): string;
  /** The code of `right.pdf`, and one that a stranger signed. */
  readonly codes: { readonly right: string; readonly foreign: string };
  /** By what Node.js judges: the keys, the certificates and the heads of the service. */
  readonly judging: Omit<Judging, 'code'>;
  /** The folder with certificates that the service trusts. */
  readonly trust: string;
  /** The words of the page. */
  readonly words: Readonly<Record<string, string>>;
  /** The same service again, which can go away while a page of it is open. */
  beside(): Promise<{ readonly origin: string; stop(): void }>;
  close(): Promise<void>;
}

const requisites = '/services/requisites';
const confirm = `${requisites}/confirm`;

/** Starts the service, makes changes by password and by EDS, and writes the files. */
export async function openCheckWorld(number: number): Promise<CheckWorld> {
  const nca = openTestNca();
  const [former, stranger] = [newSealKey(), newSealKey()];
  const service = await startService({ ...nca.environment, RECEIPT_KEYS: `${receiptKey},${former.open}` });
  const folder = await mkdtemp(join(tmpdir(), 'kabinet-check-'));
  const person = inventPerson(number);
  await service.enrol(person);
  const client = await signedIn(service, person);
  const anyone = injectClient(service.server);
  const [logged, right, other] = [
    await change(client, { apartment: '76' }),
    await change(client, { apartment: '77' }),
    await change(client, { apartment: '78' }),
  ];
  await closeDayOf(service, client, logged);
  const bySignature = await changeByEds(client, nca, person);
  const file = async (receipt: string, form = '.pdf') => (await client.get(`${receipt}${form}`)).bytes;
  const keys = JSON.parse((await anyone.get('/.well-known/jwks.json')).body) as JSONWebKeySet;
  const [own, old, foreign] = [
    await readSealKeys([receiptKey]),
    await readSealKeys([former.secret]),
    await readSealKeys([stranger.secret]),
  ];
  const genuine = await file(right);
  const content = await contentOf(genuine, keys);
  const heads = (await anyone.get('/.well-known/receipt-heads.txt')).body;
  const files = new Map<string, Buffer>([
    ['right.pdf', genuine],
    ['logged.pdf', await file(logged)],
    ['signed.pdf', await file(bySignature)],
    ['signed.cms', await file(bySignature, '.cms')],
    ['other.pdf', await file(other)],
    ...(await evidenceOf(service, bySignature, [own, foreign])),
    ['altered-values.pdf', withSealOf(await file(other), genuine)],
    ['altered-drawing.pdf', overlaid(genuine)],
    ['altered-byte.pdf', flipped(genuine, 600)],
    ['altered-seal.pdf', flipped(genuine, (findPlace(genuine)?.offset ?? 0) + 400)],
    ['foreign.pdf', await sealedBy(foreign, content)],
    ['former-key.pdf', await sealedBy(old, content)],
    ['five-megabytes.pdf', await sealedBy(own, content, 5_000_000)],
    ['too-large.pdf', await sealedBy(own, content, 5_000_001)],
    ['long-place.pdf', Buffer.from(`%PDF-1.7\n${emptyPlace(4_500_000)}`)],
    ['bare.pdf', Buffer.from('%PDF-1.7\nno seal')],
    ['text.txt', Buffer.from('neither')],
    ['picture.png', Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex')],
    ['empty.pdf', Buffer.alloc(0)],
    ...signatures(nca, person),
    ['heads.txt', Buffer.from(heads)],
    ...(await otherHeads(heads, own, foreign, keys)),
    ['check.html', (await anyone.get('/check.html?language=kk')).bytes],
  ]);
  for (const [name, bytes] of files) await writeFile(join(folder, name), bytes);
  const page = readPage((await anyone.get('/check?language=kk')).body).querySelector('#check');
  const further = JSON.parse(page?.getAttribute('data-trust') ?? '[]') as string[];
  const trust = createTrust([
    ...productionCertificates(),
    ...further.map((base64) => Buffer.from(base64, 'base64')),
  ]);
  const published = await readHeads(heads, keys);
  return {
    service,
    origin: await service.listen(),
    person,
    files,
    path: (name) => join(folder, name),
    codes: { right: await signCode(own, content), foreign: await signCode(foreign, content) },
    judging: {
      ...verifyWith({ verify, verifyEvidence }, keys, async () => trust),
      heads: published.ok ? published.value : undefined,
      headsBy: 'page',
    },
    trust: nca.environment['EDS_TRUST'] ?? '',
    words: JSON.parse(page?.getAttribute('data-words') ?? '{}'),
    async beside() {
      const process = await service.anotherProcess();
      const origin = await process.listen({ host: '127.0.0.1', port: 0 });
      return {
        origin,
        stop() {
          process.server.close();
          // A browser keeps connections that nobody uses.
          process.server.closeAllConnections();
        },
      };
    },
    async close() {
      await service.close();
      nca.close();
      await rm(folder, { recursive: true });
    },
  };
}

/** Makes a change by password. Returns the address of its receipt. */
async function change(client: Client, values: Readonly<Record<string, string>>): Promise<string> {
  const page = await client.get(requisites);
  const saved = await client.post(requisites, formOf(page.body, requisites, values));
  return String(saved.headers['location']);
}

async function changeByEds(client: Client, nca: TestNca, person: ReturnType<typeof inventPerson>) {
  const form = formOf((await client.get(requisites)).body, requisites, { mobilePhone: '+7 705 111 22 33' });
  await client.post(requisites, [...form.filter(([name]) => name !== 'proof'), ['proof', 'eds']]);
  const page = (await client.get(confirm)).body;
  const csrf = edsChangeForm(page).filter(([name]) => name === 'csrf');
  const answer = await client.post(`${confirm}/challenge`, csrf);
  const { id, data } = JSON.parse(answer.body) as { id: string; data: string };
  const saved = await client.post(confirm, edsChangeForm(page, id, signChallenge(nca.key(person), data)));
  return String(saved.headers['location']);
}

/** What the service kept of a signed change, sealed by its key, by a stranger's, and altered. */
async function evidenceOf(
  service: TestService,
  receipt: string,
  [own, foreign]: readonly [SealKeys, SealKeys],
) {
  const sealed = async (by: SealKeys) => {
    await resealEvidence(service.database, {
      sealer: sealByKey(by, service.database),
      which: 0,
      hash: 'sha256',
      awaitTimeStamps: false,
    });
    const record = await exportEvidence(service.database, receipt.split('/').at(-1) ?? '', 'test');
    if (!record) throw new Error('no evidence');
    return record;
  };
  const record = await sealed(own);
  const bare = { ...record, lists: [], ocsp: [], seals: [] };
  return [
    ['evidence.json', Buffer.from(writeEvidence(record))],
    ['evidence-altered.json', Buffer.from(writeEvidence({ ...record, verifiedAt: new Date(0) }))],
    ['evidence-by-stranger.json', Buffer.from(writeEvidence(await sealed(foreign)))],
    ['evidence-without-time.json', Buffer.from(writeEvidence(bare))],
    ['other.json', Buffer.from('{"keys":[]}')],
  ] satisfies [string, Buffer][];
}

/** Puts a receipt into a former day of the log, and closes the days since. */
async function closeDayOf(service: TestService, client: Client, receipt: string): Promise<void> {
  await client.get(`${receipt}.pdf`);
  await service.database.run(sql`
    update cabinet.receipt_leaf set day = day - 3 where change_id =
      (select change_id from cabinet.change where number = ${receipt.split('/').at(-1)})`);
  await keepReceiptLog({
    database: service.database,
    receiptSealer: createReceiptSealer([receiptKey]),
  });
}

async function contentOf(file: Buffer, keys: JSONWebKeySet): Promise<SealedContent> {
  const checked = await checkSeal(file, keys);
  if (!checked.ok) throw new Error(checked.reason);
  return checked.value;
}

/** A small file with this seal. @param size its bytes */
async function sealedBy(keys: SealKeys, content: SealedContent, size = 0): Promise<Buffer> {
  const start = `%PDF-1.7\n${emptyPlace(await sealLength(keys, content))}`;
  return Buffer.from(await sealFile(keys, Buffer.from(start.padEnd(size, '%')), content));
}

/** Another receipt into whose place somebody put the seal of a genuine one. */
function withSealOf(file: Buffer, genuine: Buffer): Buffer {
  const [to, from] = [findPlace(file), findPlace(genuine)];
  if (!to || !from) throw new Error('no place');
  const forged = Buffer.from(file);
  forged.write(
    sealIn(genuine, from).padEnd(sealIn(file, to).length),
    forged.indexOf(sealIn(file, to)),
    'latin1',
  );
  return forged;
}

function flipped(file: Buffer, at: number): Buffer {
  const changed = Buffer.from(file);
  changed[at] = (changed[at] as number) ^ 1;
  return changed;
}

/** Signatures that are not right, or no more. */
function signatures(nca: TestNca, person: ReturnType<typeof inventPerson>): [string, Buffer][] {
  const text = Buffer.from('signed text');
  const [day, now] = [86_400_000, Date.now()];
  const expired = nca.key(person, { notBefore: new Date(now - 9 * day), notAfter: new Date(now - day) });
  const stranger = createTestAuthority({ at: new Date(), name: 'ELSEWHERE' });
  const elsewhere = stranger.issue(
    { iin: person.iin, surname: person.surname, name: person.name },
    { notBefore: new Date(now - day) },
  );
  const stamped = (stamp: (data: Uint8Array) => Uint8Array) =>
    Buffer.from(signCms(expired, text, { timeStamps: (signature) => [stamp(signature)] }));
  const right = cmsPem(signCms(nca.key(person), text, { signingTime: new Date() }));
  const other = Buffer.from(right.replace(/-----[^-]+-----|\n/g, ''), 'base64');
  other.write('signed test', other.indexOf('signed text'), 'latin1');
  return [
    ['expired.cms', Buffer.from(signCms(expired, text, { signingTime: new Date(now - 3 * day) }))],
    ['expired-stamped.cms', stamped((data) => nca.timeStamp(data, new Date(now - 3 * day)))],
    ['stamped-late.cms', stamped((data) => nca.timeStamp(data, new Date(now - day / 2)))],
    ['stamped-by-stranger.cms', stamped((data) => stranger.timeStamp(data, new Date(now - 3 * day)))],
    ['stamped-for-another.cms', stamped(() => nca.timeStamp(text, new Date(now - 3 * day)))],
    [
      'wrongly-stamped.cms',
      Buffer.from(
        signCms(nca.key(person), text, {
          timeStamps: (signature) => [stranger.timeStamp(signature, new Date())],
        }),
      ),
    ],
    ['untrusted.cms', Buffer.from(signCms(elsewhere, text, {}))],
    ['altered.cms', other],
  ];
}

/** Lists of heads that do not agree with those of the service. */
async function otherHeads(heads: string, own: SealKeys, foreign: SealKeys, keys: JSONWebKeySet) {
  const lines = heads.trimEnd().split('\n');
  const signed = lines.map((line) => line.split(' ').at(-1) ?? '');
  const first = await openHead(signed[0] ?? '', keys);
  const last = await openHead(signed.at(-1) ?? '', keys);
  if (!first || !last) throw new Error('no heads');
  const previous = await digestOfHead(signed.at(-1) ?? '');
  const other = { ...first, root: '00'.repeat(32) };
  return [
    // Somebody keeps two histories, and showed this one to the newspaper.
    ['heads-of-another-history.txt', Buffer.from(await signHead(own, other))],
    [
      'heads-one-day-more.txt',
      Buffer.from(`${heads}${await signHead(own, { ...first, day: dayAfter(last.day), previous })}`),
    ],
    ['heads-without-a-day.txt', Buffer.from([lines[0], ...lines.slice(2)].join('\n'))],
    ['heads-that-do-not-meet.txt', Buffer.from([await signHead(own, other), ...lines.slice(1)].join('\n'))],
    ['heads-of-a-stranger.txt', Buffer.from(await signHead(foreign, first))],
    ['heads-later.txt', Buffer.from(lines.slice(1).join('\n'))],
    ['no-heads.txt', Buffer.from('\n')],
  ] satisfies [string, Buffer][];
}
