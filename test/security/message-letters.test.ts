import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { giveLetters } from '../../src/features/notices/give-letters.ts';
import { lettersMacs } from '../../src/features/notices/letters.ts';
import { renderMessage } from '../../src/features/notices/messages.tsx';
import type { MessagePayload } from '../../src/features/notices/payload.ts';
import { sweep } from '../../src/features/operations/housekeeping.ts';
import { createKeys } from '../../src/platform/keys.ts';
import { sql } from '../../src/platform/postgres/sql.ts';
import { textsOf } from '../../src/texts/texts.ts';
import { languages } from '../../src/values/language.ts';
import { type Answered, type Client, injectClient } from '../support/client.ts';
import { readPage, visibleText } from '../support/page.ts';
import { startService, type TestService } from '../support/service.ts';
import { formOf } from '../support/signed-in.ts';

// Anybody may ask what the service wrote with the letters of a message. Nobody may learn by it who
// got what, when to the hour, or a code.

const path = '/help/notice';
const t = textsOf('kk');
const at = '2026-11-22T19:31:00.000Z';
const code = {
  kind: 'code',
  purpose: 'recover',
  codeId: 'c1',
  channel: 'mobile',
  to: '+77015550047',
  language: 'kk',
} as const;
const notice = {
  kind: 'new-device',
  channel: 'email',
  to: 'belgi.0001@example.kz',
  language: 'ru',
  at,
  device: 'Firefox, Windows',
} as const;

let service: TestService;

beforeAll(async () => {
  service = await startService({}, { work: false });
});
afterAll(() => service.close());
beforeEach(() =>
  service.database.run(sql`truncate cabinet.message_letters, cabinet.message_wording, cabinet.allowance`),
);

function send(message: MessagePayload, queuedAt = new Date(at), keys = service.keys): Promise<string> {
  const facts = {
    id: 'm1',
    origin: 'https://cabinet.enpf.kz',
    ...(message.kind === 'code'
      ? { code: { text: 'AB12CD34', minutes: 10 } }
      : { disavowalPath: `/not-me/${'S'.repeat(44)}` }),
  };
  return giveLetters({ keys, database: service.database, render: renderMessage }, message, facts, queuedAt);
}

async function ask(letters: string, client: Client = injectClient(service.server)): Promise<Answered> {
  return client.post(path, formOf((await client.get(path)).body, path, { letters }));
}

const seen = ({ body }: Answered) => visibleText(readPage(body));
const quoted = ({ body }: Answered) =>
  readPage(body)
    .querySelectorAll('blockquote')
    .map((one) => one.text);

describe('the letters of somebody else’s message', () => {
  test('show of an SMS with a code its words, its day and two digits, and nothing else', async () => {
    const answer = await ask(await send(code));
    expect(answer.status).toBe(200);
    expect(quoted(answer)).toEqual([
      expect.stringMatching(/^Құпиясөз коды\. БЖЗҚ оны сұрамайды\s+№[D-Z]{6}\s+@cabinet\.enpf\.kz #\*{8}$/),
    ]);
    expect(seen(answer)).toContain('соңғы екі цифры: 47');
    expect(seen(answer)).toContain('2026 ж. 23 қараша');
    expect(answer.body).not.toMatch(/AB12CD34|5550047|555|00:31|19:31/);
  });

  test('show of an e-mail neither its address nor its link, time or device', async () => {
    const answer = await ask(await send(notice));
    const [words] = quoted(answer);
    expect(words).toContain('Вход в Личный кабинет с нового устройства');
    expect(words).toContain('Устройство: …');
    expect(words).toContain('Время: …');
    expect(words).toContain('https://cabinet.enpf.kz/not-me/…');
    expect(seen(answer)).toContain('b•••@e•••.kz');
    expect(answer.body).not.toMatch(/belgi|example\.kz|Firefox|Windows|SSSS|00:31|19:31/);
    // A link in a copied wording would be a link of ours to nowhere.
    expect(readPage(answer.body).querySelectorAll('blockquote a')).toEqual([]);
  });

  test.each(languages)('in %s are never called genuine, and compared word for word', async (language) => {
    const client = injectClient(service.server, undefined, [['language', language]]);
    const answer = await ask(await send(code), client);
    const texts = textsOf(language);
    expect(seen(answer)).toContain(texts.letters.same);
    expect(seen(answer)).toContain(texts.letters.copied);
    expect(seen(answer)).toContain(texts.messages.email.neverByPhone);
    const { letters } = texts;
    expect(Object.values(letters).join(' ')).not.toMatch(
      /genuine|authentic|подлинн|настоящ|шынайы|түпнұсқа/i,
    );
  });

  test('are in no log, and no address contains them', async () => {
    const letters = await send(code);
    await ask(letters);
    expect(service.logLines.join('\n')).not.toContain(letters);
  });
});

describe('letters that nobody was sent', () => {
  test('say so plainly, and what to do', async () => {
    const answer = await ask('KDMTRF');
    expect(answer.status).toBe(200);
    for (const text of [
      t.letters.unknown,
      t.letters.unknownText,
      t.letters.unknownTypo,
      t.letters.unknownStop,
    ])
      expect(seen(answer)).toContain(text);
    expect(seen(answer)).toContain('1418');
    expect(quoted(answer)).toEqual([]);
  });

  test('are those of a message with one letter changed', async () => {
    const letters = await send(code);
    for (let place = 0; place < 6; place += 1) {
      const other = letters[place] === 'D' ? 'F' : 'D';
      const answer = await ask(letters.slice(0, place) + other + letters.slice(place + 1));
      expect(seen(answer)).toContain(t.letters.unknown);
    }
  });

  test('are those of a message past its term', async () => {
    const letters = await send(code);
    const pass = (days: number) =>
      service.database.run(sql`
        update cabinet.message_letters set handed_over_at = handed_over_at - make_interval(days => ${days}::int)`);
    await pass(59);
    await sweep(service.database);
    expect(quoted(await ask(letters))).toHaveLength(1);
    await pass(2);
    await sweep(service.database);
    expect(seen(await ask(letters))).toContain(t.letters.unknown);
  });

  test('are those whose key is gone, and not those of a former key', async () => {
    const old = createKeys(['o'.repeat(32)]);
    const letters = await send(code, undefined, old);
    expect(seen(await ask(letters))).toContain(t.letters.unknown);
    const rotated = await service.anotherProcess({ SECRET_KEYS: `${'k'.repeat(32)},${'o'.repeat(32)}` });
    expect(quoted(await ask(letters, injectClient(rotated)))).toHaveLength(1);
  });
});

test('two messages with the same letters are both shown, each with its own day and digits', async () => {
  const letters = await send(code);
  await send({ ...code, to: '+77015550012' }, new Date('2026-11-29T10:00:00.000Z'));
  // As if the other one had got the same letters by chance.
  const [mac] = lettersMacs(service.keys, letters);
  await service.database.run(sql`update cabinet.message_letters set letters_mac = ${mac}`);
  const answer = await ask(letters);
  expect(quoted(answer)).toHaveLength(2);
  expect(seen(answer)).toContain('хабарламалар саны: 2');
  const headings = readPage(answer.body).querySelectorAll('section.card h2');
  // The newest comes first.
  expect(headings.map((one) => one.text.slice(-2))).toEqual(['12', '47']);
  expect(
    readPage(answer.body)
      .querySelectorAll('section.card')
      .map((one) => /\d+ қараша/.exec(one.text)?.[0]),
  ).toEqual(['29 қараша', '23 қараша']);
});

describe('questions', () => {
  test('are twenty an hour for a browser: the next is refused, says until when, and what was typed stays', async () => {
    const letters = await send(code);
    const client = injectClient(service.server);
    for (let n = 0; n < 20; n += 1) expect((await ask('KDMTRF', client)).status).toBe(200);
    const refused = await ask(letters, client);
    expect(refused.status).toBe(429);
    const seconds = Number(refused.headers['retry-after']);
    expect(seconds).toBeGreaterThan(3_500);
    expect(seconds).toBeLessThanOrEqual(3_600);
    expect(seen(refused)).toContain(t.letters.limited.replace('{minutes}', '60'));
    expect(quoted(refused)).toEqual([]);
    expect(refused.body).not.toContain('БЖЗҚ оны сұрамайды');
    expect(readPage(refused.body).querySelector('#letters')?.getAttribute('value')).toBe(letters);
    // Another browser of the same network may go on, and this one after an hour.
    expect((await ask(letters)).status).toBe(200);
    await service.database.run(sql`update cabinet.allowance set ends_at = ends_at - interval '1 hour'`);
    expect((await ask(letters, client)).status).toBe(200);
  });

  test('of a text without letters are none, and get an error at the field', async () => {
    const client = injectClient(service.server);
    for (let n = 0; n < 25; n += 1) {
      const answer = await ask('12345', client);
      expect(answer.status).toBe(422);
      expect(seen(answer)).toContain(t.reasons.lettersOfNoForm);
    }
    expect((await ask('KDMTRF', client)).status).toBe(200);
  });

  test('of a browser that keeps forgetting its cookie count as those of one', async () => {
    const client = injectClient(service.server);
    const withoutName = async () => {
      const form = formOf((await client.get(path)).body, path, { letters: 'KDMTRF' });
      for (const name of client.cookies.keys()) {
        if (name.startsWith('browser-')) (client.cookies as Map<string, string>).delete(name);
      }
      return client.post(path, form);
    };
    for (let n = 0; n < 20; n += 1) expect((await withoutName()).status).toBe(200);
    expect((await withoutName()).status).toBe(429);
  });

  test('are 300 an hour for a network, however many browsers it has', async () => {
    await ask('KDMTRF');
    await service.database.run(sql`update cabinet.allowance set used = 300 where used = 1`);
    const refused = await ask('KDMTRF');
    expect(refused.status).toBe(429);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(3_500);
  });

  test('need the token of this browser', async () => {
    const [mine, other] = [injectClient(service.server), injectClient(service.server)];
    const form = formOf((await other.get(path)).body, path, { letters: 'KDMTRF' });
    await mine.get(path);
    expect((await mine.post(path, form)).status).toBe(403);
    expect((await mine.post(path, form, { origin: 'https://elsewhere.example' })).status).toBe(403);
  });
});

test('what was typed stays when the language is switched', async () => {
  const client = injectClient(service.server);
  const fields = formOf((await client.get(path)).body, path, { letters: 'kdm' });
  const answer = await client.post('/language', [...fields, ['language', 'ru']]);
  expect(readPage(answer.body).querySelector('h1')?.text).toBe(textsOf('ru').letters.title);
  expect(readPage(answer.body).querySelector('#letters')?.getAttribute('value')).toBe('kdm');
});

test('letters typed on another layout or copied with the message are read', async () => {
  const letters = await send({ ...code, to: '+77010000011' });
  for (const typed of [
    letters.toLowerCase(),
    `№${letters}`,
    `Құпиясөз коды. БЖЗҚ оны сұрамайды №${letters} @cabinet.enpf.kz #AB12CD34`,
  ]) {
    const answer = await ask(typed);
    expect(quoted(answer)).toHaveLength(1);
  }
});
