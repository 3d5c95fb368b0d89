import { expect, test } from 'vitest';
import { Icon } from './icon.tsx';
import { type HeaderUser, Layout, type LayoutProps } from './layout.tsx';
import { keptParts, renderPage, type SharedBody, sharedAround } from './page-skeleton.tsx';
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
  roundTheClock: 'Тәулік бойы',
};

const user = (n: number, shortName = `Серікова ${n}`): HeaderUser => ({
  shortName,
  nav: [
    { href: '/services', label: 'Қызметтер', current: 'section' },
    { href: '/history', label: 'Тарих & "бірге"' },
  ],
  session: {
    secondsLeft: 100_000 + n,
    endHref: `/sign-in?ended=1&to=${n}`,
    words: { endsAt: `Сеанс ${n}:32-де аяқталады`, endsIn: '{n} мин', extend: 'Ұзарту', failed: 'Қате' },
  },
});

const base: LayoutProps = {
  language: 'kk',
  title: 'Кіру',
  words,
  assets: { styles: ['/assets/app-1.css'], icon: '/assets/icon-1.svg', scripts: ['/assets/a-1.js'] },
  csrf: 'token',
  children: <p>Body</p>,
};

/** Tries to leave every place that it is put into. */
const hostile = `"><script>&amp;'\uE000csrf\uE000</title>`;

test.each<[string, Partial<LayoutProps>]>([
  ['plain', {}],
  ['without forms of the layout', { csrf: undefined }],
  ['with a form, and wide', { formId: 'page-form', wide: true }],
  ['with an error', { errorTitlePrefix: 'Қате', ownPath: '/services' }],
  ['with a banner', { banner: <p>Banner</p> }],
  ['with icons', { children: <Icon name="check" />, signedIn: user(1) }],
  ['of a holder with a Russian name', { signedIn: user(1, 'Щукин В.') }],
  ['in another language', { language: 'en', signedIn: user(1) }],
  [
    'with hostile values everywhere',
    {
      title: hostile,
      csrf: hostile,
      ownPath: hostile,
      banner: <b title={hostile}>{hostile}</b>,
      children: <i title={hostile}>{hostile}</i>,
      signedIn: {
        ...user(1, hostile),
        session: {
          ...user(1).session,
          endHref: hostile,
          words: { ...user(1).session.words, endsAt: hostile },
        },
      },
    },
  ],
])('a page %s is the one that the layout makes, again and again', (_name, different) => {
  const props = { ...base, ...different };
  const wanted = renderDocument(<Layout {...props} />);
  expect(renderPage(props)).toBe(wanted);
  expect(renderPage(props)).toBe(wanted);
});

test('no kept part has anything of a person or of an answer', () => {
  const page = (n: number) =>
    renderPage({
      ...base,
      title: `title-${n}`,
      csrf: `token-${n}`,
      ownPath: `/own/${n}`,
      banner: `banner-${n}`,
      children: `body-${n}`,
      signedIn: user(n),
    });
  page(7_001);
  const before = keptParts();
  for (let n = 7_002; n < 7_100; n++) expect(page(n)).toContain(`token-${n}`);
  expect(keptParts()).toEqual(before);
  expect(before.join('\n')).not.toMatch(/70\d\d/);
});

test('a page with a shared body is rendered once for each language, with gaps for the token', () => {
  let rendered = 0;
  const body: SharedBody<{ hello: string }> = {
    shared({ hello }, csrf) {
      rendered += 1;
      return (
        <form>
          <input name="csrf" value={csrf} />
          {hello}
        </form>
      );
    },
  };
  const texts = { kk: { hello: 'Сәлем' }, en: { hello: 'Hello & welcome' } };
  const banner = <p>Banner</p>;
  for (const language of ['kk', 'en'] as const) {
    const props = { ...base, language, banner };
    const around = sharedAround(props, body, texts[language]);
    expect(sharedAround({ ...props }, body, texts[language])).toBe(around);
    // One in the language switch, and one in the form.
    expect(around).toHaveLength(3);
    const children = body.shared(texts[language], 'one');
    expect(around.join('one')).toBe(
      renderDocument(
        <Layout {...props} csrf="one">
          {children}
        </Layout>,
      ),
    );
  }
  expect(rendered).toBe(4);
  const other = sharedAround({ ...base, title: 'Other' }, body, texts.kk);
  expect(other.join('')).toContain('Other');
  expect(keptParts().join('\n')).toContain('Hello &amp; welcome');
});
