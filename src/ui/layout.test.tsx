import { type HTMLElement, parse } from 'node-html-parser';
import { describe, expect, it } from 'vitest';
import { Form } from './form.tsx';
import { type HeaderUser, Layout, type LayoutProps } from './layout.tsx';
import { renderDocument } from './render-document.ts';

const words = {
  cabinet: 'Жеке кабинет',
  fund: 'БЖЗҚ',
  skip: 'Өту',
  navigation: 'Мәзір',
  language: 'Тіл',
  signOut: 'Шығу',
  sending: 'Sending…',
  offline: 'No connection',
  help: 'Көмек',
  contactCentre: 'Байланыс орталығы',
  contactNumber: '1418',
  hours: '9:00-18:30',
  roundTheClock: 'Тәулік бойы',
};

const signedIn: HeaderUser = {
  shortName: 'Серікова А. Б.',
  nav: [
    { href: '/services', label: 'Қызметтер', current: 'section' },
    { href: '/history', label: 'Тарих' },
  ],
  session: {
    secondsLeft: 900,
    endHref: '/sign-in?ended=1',
    words: { endsAt: 'Сеанс 14:32-де аяқталады', endsIn: '{n} мин', extend: 'Ұзарту', failed: 'Қате' },
  },
};

describe('Layout', () => {
  it('names the language, the page and the cabinet', () => {
    const { html, text } = page({ language: 'ru', title: 'Вход' });
    expect(text.startsWith('<!doctype html><html lang="ru">')).toBe(true);
    expect(html.querySelector('title')?.text).toBe('Вход · Жеке кабинет');
    expect(page({ title: 'Кіру', errorTitlePrefix: 'Қате' }).html.querySelector('title')?.text).toBe(
      'Қате: Кіру · Жеке кабинет',
    );
  });

  it('has nothing inline that the content policy would refuse', () => {
    const { html } = page({ signedIn, formId: 'page-form', banner: 'Banner', ownPath: '/services' });
    const scripts = html.querySelectorAll('script');
    expect(scripts.map((script) => [script.getAttribute('src'), script.text])).toEqual([
      ['/assets/a-1.js', ''],
    ]);
    const elements = html.querySelectorAll('*');
    expect(elements.length).toBeGreaterThan(30);
    for (const element of elements) {
      const refused = Object.keys(element.attributes).filter((name) => /^(style|on.*)$/.test(name));
      expect(refused, element.tagName).toEqual([]);
    }
    expect(html.querySelectorAll('style')).toEqual([]);
  });

  it('sends the form along with the language, and keeps Enter in a field for saving', () => {
    const { html } = page({ formId: 'page-form' });
    const buttons = html.querySelectorAll('button[form=page-form]');
    const [first, ...languages] = buttons;
    expect(first?.hasAttribute('name')).toBe(false);
    expect(first?.hasAttribute('formaction')).toBe(false);
    expect(first?.hasAttribute('hidden')).toBe(false);
    expect(languages.map((button) => button.getAttribute('value'))).toEqual(['kk', 'ru', 'en']);
    for (const button of languages) {
      expect(button.getAttribute('formaction')).toBe('/language');
      expect(button.hasAttribute('formnovalidate')).toBe(true);
    }
    expect(html.querySelectorAll('form[action="/language"]')).toEqual([]);
    // In the order of the document, nothing of the form comes before its default button.
    expect(html.querySelector('[form=page-form], #page-form button')).toBe(first);
  });

  it('gives the switch its own form when the page has none', () => {
    const { html } = page({});
    const form = html.querySelector('form[action="/language"]');
    expect(form?.querySelector('[name=csrf]')?.getAttribute('value')).toBe('token');
    expect(form?.querySelectorAll('button').length).toBe(3);
  });

  it('marks the language and the current place', () => {
    const { html } = page({ language: 'en', signedIn });
    expect(html.querySelector('.languages [aria-current]')?.getAttribute('lang')).toBe('en');
    expect(html.querySelectorAll('nav [aria-current]').map((a) => a.text)).toEqual(['Қызметтер']);
  });

  it('shows who is signed in and until when, and signs out by POST', () => {
    const { html } = page({ signedIn });
    expect(html.querySelector('header')?.text).toContain('Серікова А. Б.');
    expect(html.querySelector('header')?.text).toContain('Сеанс 14:32-де аяқталады');
    const form = html.querySelector('form[action="/sign-out"]');
    expect(form?.getAttribute('method')).toBe('post');
    expect(form?.querySelector('[name=csrf]')?.getAttribute('value')).toBe('token');
    expect(html.querySelector('#session-warning')?.getAttribute('data-seconds-left')).toBe('900');
  });

  it('shows none of this to a visitor who is not signed in', () => {
    const { html } = page({});
    expect(html.querySelectorAll('nav, dialog, form[action="/sign-out"]')).toEqual([]);
  });

  it('shows hostile words as text', () => {
    const hostile = '</title></script><script>alert(1)</script>"onload="x';
    const { html } = page({
      title: hostile,
      banner: hostile,
      ownPath: hostile,
      csrf: hostile,
      signedIn: { ...signedIn, shortName: hostile },
    });
    expect(html.querySelectorAll('script').length).toBe(1);
    expect(html.querySelector('.person b')?.text).toBe(hostile);
    expect(html.querySelector('body')?.getAttribute('data-own-path')).toBe(hostile);
    expect(html.querySelector('title')?.text).toBe(`${hostile} · Жеке кабинет`);
  });
});

function page(props: Partial<LayoutProps>): { html: HTMLElement; text: string } {
  const text = renderDocument(
    <Layout
      language="kk"
      title="Кіру"
      words={words}
      assets={{ styles: ['/assets/app-1.css'], icon: '/assets/icon-1.svg', scripts: ['/assets/a-1.js'] }}
      csrf="token"
      {...props}
    >
      <Form action="/save" csrf="token">
        <button type="submit">Сақтау</button>
      </Form>
    </Layout>,
  );
  return { html: parse(text), text };
}
