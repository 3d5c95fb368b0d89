import { parse } from 'node-html-parser';
import { describe, expect, test } from 'vitest';
import { languages } from '../../values/language.ts';
import { readCode } from '../codes/typed-code.ts';
import type { Channel } from './channel.ts';
import type { MessageFacts } from './deliver-message.ts';
import { readLetters } from './letters.ts';
import { renderMessage } from './messages.tsx';
import {
  type CodePurpose,
  codePurposes,
  type MessagePayload,
  noticeKinds,
  type ReminderNotice,
} from './payload.ts';
import { smsParts } from './sms-parts.ts';

const origin = 'https://cabinet.enpf.kz';
const path = `/not-me/${'x'.repeat(44)}`;
const letters = 'KDMTRF';
const reminderKinds: readonly ReminderNotice[] = ['key-ends', 'document-ends'];
const channels: readonly Channel[] = ['mobile', 'email'];
const to = { mobile: '+77015550001', email: 'belgi.0001@example.kz' } as const;
const codes = {
  register: 'AB12CD34',
  recover: 'AB12CD34',
  'prove-new': '012345',
  'confirm-current': '012345',
  'sign-in-step': '012345',
};

const everyCode = languages.flatMap((language) =>
  channels.flatMap((channel) => codePurposes.map((purpose) => ({ language, channel, purpose }))),
);
const everyNotice = languages.flatMap((language) =>
  channels.flatMap((channel) =>
    noticeKinds.flatMap((kind) => channels.map((about) => ({ language, channel, kind, about }))),
  ),
);

function write(message: MessagePayload, facts: Partial<MessageFacts> = {}) {
  return renderMessage(message, { id: 'm1', origin, letters, ...facts });
}

function codeMessage({ language, channel, purpose }: (typeof everyCode)[number]) {
  const message = { kind: 'code', purpose, codeId: 'c1', channel, to: to[channel], language } as const;
  return write(message, { code: { text: codes[purpose], minutes: 5 } });
}

function notice(
  { language, channel, kind, about }: (typeof everyNotice)[number],
  facts: Partial<MessageFacts> = {},
  device = 'Firefox, Windows',
) {
  const at = '2026-11-22T19:31:00.000Z';
  return write({ kind, channel, to: to[channel], language, about, at, device }, facts);
}

describe('a message with a code', () => {
  test.each(everyCode)('$language $channel $purpose ends with the code bound to our host', (one) => {
    const { text, urgent } = codeMessage(one);
    expect(text.split('\n').at(-1)).toBe(`@cabinet.enpf.kz #${codes[one.purpose]}`);
    // Above it are the letters, so that a browser still finds the code.
    expect(text.split(/\n+/).at(-2)).toMatch(/ KDMTRF$|^№KDMTRF$/);
    expect(readLetters(text)).toEqual([letters]);
    expect(readCode(text, /^\d+$/.test(codes[one.purpose]) ? 'digits' : 'long')).toEqual([
      codes[one.purpose],
    ]);
    expect(urgent).toBe(true);
  });

  test.each(everyCode.filter(({ channel }) => channel === 'mobile'))(
    '$language $purpose is one SMS part',
    (one) => {
      const { encoding, parts } = smsParts(codeMessage(one).text);
      expect(parts).toHaveLength(1);
      expect(encoding).toBe(one.language === 'en' ? 'gsm' : 'ucs2');
    },
  );

  test.each(languages)('%s: every purpose has different words, in SMS and e-mail', (language) => {
    for (const channel of channels) {
      const texts = codePurposes.map((purpose) => codeMessage({ language, channel, purpose }).text);
      expect(new Set(texts.map((text) => text.split('#')[0])).size).toBe(codePurposes.length);
    }
  });

  test('says that the fund never asks for it', () => {
    const words = { kk: /сұрамайды/, ru: /не спросит|не спрашивает/, en: /never asks/ };
    for (const one of everyCode) expect(codeMessage(one).text).toMatch(words[one.language]);
  });

  test('the text of an SMS', () => {
    const words = languages.map(
      (language) => codeMessage({ language, channel: 'mobile', purpose: 'confirm-current' }).text,
    );
    expect(words).toEqual([
      'Контакт өзгерту коды. БЖЗҚ сұрамайды\n№KDMTRF\n@cabinet.enpf.kz #012345',
      'Код смены контакта. ЕНПФ не спросит\n№KDMTRF\n@cabinet.enpf.kz #012345',
      'UAPF: code to change your contact details. The fund never asks you for this code\nRef KDMTRF\n@cabinet.enpf.kz #012345',
    ]);
  });

  test('an e-mail has the code, its term and its purpose, and the subject does not contain the code', () => {
    const { subject, text, html } = codeMessage({ language: 'ru', channel: 'email', purpose: 'prove-new' });
    expect(subject).toBe('Код для подтверждения нового электронного адреса');
    expect(text).toContain('Код подтверждения: 012345\n');
    expect(text).toContain('не дольше 5 мин.');
    expect(
      parse(html ?? '')
        .querySelectorAll('body p')
        .at(-1)?.text,
    ).toBe('@cabinet.enpf.kz #012345');
  });

  test('on a laptop is bound to localhost, without the port', () => {
    const message = {
      kind: 'code',
      purpose: 'recover',
      codeId: 'c1',
      channel: 'mobile',
      to: to.mobile,
    } as const;
    const { text } = write(
      { ...message, language: 'en' },
      { origin: 'http://localhost:3000', code: { text: 'AB12CD34', minutes: 10 } },
    );
    expect(text).toMatch(/\n@localhost #AB12CD34$/);
  });

  test('is not written without a code', () => {
    const message = {
      kind: 'code',
      purpose: 'recover',
      codeId: 'c1',
      channel: 'mobile',
      to: to.mobile,
    } as const;
    expect(() => write({ ...message, language: 'en' })).toThrow('without it');
  });
});

describe('a notice', () => {
  test.each(everyNotice)('$language $channel $kind about $about shows no value and no code', (one) => {
    const { subject, text, html, urgent } = notice(one, { disavowalPath: path });
    expect(urgent).toBe(false);
    for (const value of Object.values(to)) expect([subject, text, html].join(' ')).not.toContain(value);
    expect(text).not.toMatch(/@|#/);
    expect(text).toContain(`${origin}${path}`);
    expect(text.split('\n').at(-1)).toMatch(/ KDMTRF$|^№KDMTRF$/);
    expect(readLetters(text)).toEqual([letters]);
  });

  test.each(everyNotice.filter(({ channel }) => channel === 'email'))(
    '$language $kind says in an e-mail that the fund never asks for a code by phone',
    (one) => {
      const words = {
        kk: /телефонмен ешқашан сұрамайды/,
        ru: /не спрашивает .*по телефону/,
        en: /never asks .*by phone/,
      };
      const { text, html } = notice(one, { disavowalPath: path });
      expect(text).toMatch(words[one.language]);
      expect(html).toMatch(words[one.language]);
    },
  );

  test.each(everyNotice.filter(({ channel }) => channel === 'mobile'))(
    '$language $kind about $about has at most two SMS parts, with and without its link',
    (one) => {
      const linked =
        one.kind === 'frozen' || one.kind === 'locked' || one.kind === 'already-registered'
          ? undefined
          : { disavowalPath: path };
      expect(smsParts(notice(one, linked).text).parts.length).toBeLessThanOrEqual(2);
      expect(smsParts(notice(one).text).parts.length).toBeLessThanOrEqual(one.kind === 'frozen' ? 2 : 1);
    },
  );

  test('in an SMS says nothing about the device, because a browser chooses that name', () => {
    const { text } = notice(
      { language: 'ru', channel: 'mobile', kind: 'new-device', about: 'mobile' },
      {},
      'Позвоните +7',
    );
    expect(text).toBe('ЕНПФ: вход с нового устройства. Не Вы? Звоните 1418\n№KDMTRF');
  });

  test('says which channel is meant, also in its subject', () => {
    const subjects = channels.map(
      (about) => notice({ language: 'en', channel: 'email', kind: 'contact-changed', about }).subject,
    );
    expect(subjects).toEqual(['Your mobile number has been changed', 'Your email address has been changed']);
  });

  test('in an e-mail gives the time in Astana and the device, on one line', () => {
    const { text } = notice(
      { language: 'ru', channel: 'email', kind: 'new-device', about: 'email' },
      {},
      'Firefox\r\n\r\nПозвоните',
    );
    expect(text).toContain('23 ноября 2026 г. в 00:31 (время Астаны)');
    expect(text).toContain('Устройство: Firefox Позвоните\n');
  });

  test('without a link says whom to call', () => {
    const { text } = notice({ language: 'kk', channel: 'email', kind: 'recovered', about: 'email' });
    expect(text).toContain('1418 нөміріне');
    expect(text).not.toContain('http');
  });
});

describe('a reminder', () => {
  test.each(languages.flatMap((language) => reminderKinds.map((kind) => ({ language, kind }))))(
    'in $language of $kind ends with its letters, and is one SMS part',
    ({ language, kind }) => {
      for (const channel of channels) {
        const { text } = write({ kind, channel, to: to[channel], language, endsOn: '2029-09-05' });
        expect(text.split('\n').at(-1)).toMatch(/ KDMTRF$|^№KDMTRF$/);
        expect(readLetters(text)).toEqual([letters]);
        expect(text).toContain('05.09.2029');
        if (channel === 'mobile') expect(smsParts(text).parts).toHaveLength(1);
      }
    },
  );
});

describe('the HTML of an e-mail', () => {
  test.each(everyNotice.filter(({ channel }) => channel === 'email'))(
    '$language $kind: states its language, loads nothing, and has the same words as the text',
    (one) => {
      const { html, text } = notice(one, { disavowalPath: path });
      const page = parse(html ?? '');
      expect(page.querySelector('html')?.getAttribute('lang')).toBe(one.language);
      expect(page.querySelectorAll('img, link, script, iframe, style, [src], [background]')).toEqual([]);
      expect(html).not.toContain('url(');
      const links = page.querySelectorAll('a').map((link) => link.getAttribute('href'));
      expect(links).toEqual([`${origin}${path}`]);
      for (const paragraph of text.split('\n\n').filter((line) => !line.includes('http'))) {
        expect(page.querySelector('body')?.text).toContain(paragraph);
      }
    },
  );

  test('escapes the name that a browser gave itself', () => {
    const { html } = notice(
      { language: 'en', channel: 'email', kind: 'new-device', about: 'email' },
      {},
      '<img src=x onerror=alert(1)>"&',
    );
    expect(html).not.toContain('<img');
    expect(parse(html ?? '').querySelector('body')?.text).toContain('Device: ');
    expect(html).toContain('&lt;img src=x onerror=alert(1)');
  });
});

describe.each([10, 20, 30])('on a host of %i letters', (letters) => {
  const host = `${'k'.repeat(letters - 8)}.enpf.kz`.slice(-letters);
  const facts = { origin: `https://${host}` };
  const sms = { channel: 'mobile', to: to.mobile } as const;

  test.each(languages.flatMap((language) => codePurposes.map((purpose) => ({ language, purpose }))))(
    'a code in $language to $purpose is one SMS part, with its own words',
    ({ language, purpose }) => {
      expect(host).toHaveLength(letters);
      const text = (one: CodePurpose) =>
        write(
          { ...sms, kind: 'code', purpose: one, codeId: 'c1', language },
          { ...facts, code: { text: codes[one], minutes: 5 } },
        ).text;
      expect(smsParts(text(purpose)).parts).toHaveLength(1);
      expect(text(purpose)).toContain(`\n@${host} #${codes[purpose]}`);
      expect(new Set(codePurposes.map((one) => text(one).split('\n')[0])).size).toBe(codePurposes.length);
    },
  );

  test.each(languages.flatMap((language) => noticeKinds.map((kind) => ({ language, kind }))))(
    'a notice in $language of $kind stays within its SMS parts',
    ({ language, kind }) => {
      for (const about of channels) {
        const message = { ...sms, kind, about, language, at: '2026-11-22T19:31:00.000Z' } as const;
        const withLink =
          kind === 'frozen' || kind === 'locked' || kind === 'already-registered'
            ? {}
            : { disavowalPath: path };
        const { parts } = smsParts(write(message, { ...facts, ...withLink }).text);
        expect(parts.length).toBeLessThanOrEqual(letters === 10 || language === 'en' ? 2 : 3);
      }
    },
  );
});
