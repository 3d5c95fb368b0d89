import type { ComponentChildren } from 'preact';
import { paths } from '../paths.ts';
import type { Language } from '../values/language.ts';
import { Icon } from './icon.tsx';
import { LanguageSwitch } from './language-switch.tsx';
import { Mark } from './mark.tsx';
import { SessionWarning, type SessionWarningWords } from './session-warning.tsx';
import { PageLanguage, useValueLanguage } from './value-language.ts';

/** The texts around every page. */
export interface LayoutWords {
  /** "Жеке кабинет". */
  cabinet: string;
  /** The fund's name, under the cabinet's. */
  fund: string;
  /** "Skip to the content". */
  skip: string;
  /** The name of the main navigation for a screen reader. */
  navigation: string;
  /** The name of the language switch for a screen reader. */
  language: string;
  signOut: string;
  /** "Being sent…", shown by `client/submit-once.ts`. */
  sending: string;
  /** Nothing was sent, because there is no connection. Shown by `client/submit-once.ts`. */
  offline: string;
  /** "Көмек", the link to the guide. */
  help: string;
  /** "Байланыс орталығы", before the number. */
  contactCentre: string;
  /** The number to call: "1418". */
  contactNumber: string;
  /** The contact centre's hours, if they are known. */
  hours?: string | undefined;
  /** "The service is available around the clock". Left out while it is unavailable. */
  roundTheClock: string | undefined;
}

export interface NavItem {
  href: string;
  label: string;
  /** This page itself (`page`), or a parent of it (`section`). */
  current?: 'page' | 'section' | undefined;
}

/** Who is signed in, and until when. */
export interface HeaderUser {
  /** "Серікова А. Б.". */
  shortName: string;
  /** The language of the name, where it is not the page's. Guessed unless given. */
  nameLanguage?: Language | undefined;
  nav: readonly NavItem[];
  session: {
    /** Seconds until the session ends. */
    secondsLeft: number;
    /** The page to open when the session has ended. */
    endHref: string;
    /** Seconds before the end at which to warn. 120 by default. */
    warnSeconds?: number | undefined;
    words: SessionWarningWords;
  };
}

export interface LayoutProps {
  language: Language;
  /** The page's own title. The cabinet's name is added after it. */
  title: string;
  /** "Қате", put before the title of a page with errors. */
  errorTitlePrefix?: string | undefined;
  words: LayoutWords;
  /** Addresses of the style sheets, the icon and the scripts that this page uses. */
  assets: { styles: readonly string[]; icon: string; scripts: readonly string[] };
  /**
   * For the small forms of the layout: language, sign-out, session. Undefined for a page that is
   * the same for everybody. It then has none of these forms.
   */
  csrf: string | undefined;
  signedIn?: HeaderUser | undefined;
  /**
   * The id of the page's form, if it has one (`Form` uses `page-form`). The language switch then
   * sends it along.
   */
  formId?: string | undefined;
  /**
   * The page's own address, if it was sent under another one (`/language`). `client/own-path.ts`
   * shows it.
   */
  ownPath?: string | undefined;
  /** Shown under the header of every page: maintenance, a demonstration. */
  banner?: ComponentChildren;
  /** Seconds after which a browser without scripts loads the page again. */
  refreshedAfter?: number | undefined;
  /** The page fills the whole width and divides it by itself: the start page. */
  wide?: boolean | undefined;
  children: ComponentChildren;
}

/** The whole document around a page. */
export function Layout(props: LayoutProps) {
  const { language, title, errorTitlePrefix, words, assets, csrf, signedIn, formId } = props;
  return (
    <PageLanguage.Provider value={language}>
      <html lang={language}>
        <head>
          <meta charset="utf-8" />
          <title>{`${errorTitlePrefix === undefined ? '' : `${errorTitlePrefix}: `}${title} · ${words.cabinet}`}</title>
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <meta name="format-detection" content="telephone=no" />
          {assets.styles.map((style) => (
            <link key={style} rel="stylesheet" href={style} />
          ))}
          <link rel="icon" type="image/svg+xml" href={assets.icon} />
          {props.refreshedAfter !== undefined && (
            <noscript>
              <meta http-equiv="refresh" content={String(props.refreshedAfter)} />
            </noscript>
          )}
          {assets.scripts.map((script) => (
            <script key={script} type="module" src={script} />
          ))}
        </head>
        <body
          data-sending={formId && words.sending}
          data-offline={formId && words.offline}
          data-own-path={props.ownPath}
        >
          {formId !== undefined && <DefaultButton formId={formId} />}
          <a class="ds-skip-link" href="#main">
            {words.skip}
          </a>
          <header>
            <div class="top wrap">
              <a class="brand" href={paths.start}>
                <Mark />
                <span>
                  <b>{words.cabinet}</b> <span class="fund">{words.fund}</span>
                </span>
              </a>
              {csrf !== undefined && (
                <LanguageSwitch language={language} label={words.language} formId={formId} csrf={csrf} />
              )}
            </div>
            {signedIn && csrf !== undefined && <PersonBar signedIn={signedIn} words={words} csrf={csrf} />}
          </header>
          {props.banner && (
            <div class="banner" role="status">
              <div class="wrap">{props.banner}</div>
            </div>
          )}
          <main id="main" class={props.wide ? 'split' : 'wrap'} tabindex={-1}>
            {props.children}
          </main>
          <footer>
            <div class="wrap">
              <p>
                <span>
                  {words.contactCentre} <a href={`tel:${words.contactNumber}`}>{words.contactNumber}</a>
                </span>
                <span>{words.hours}</span>
                <a href={paths.help}>{words.help}</a>
              </p>
              {words.roundTheClock !== undefined && <p>{words.roundTheClock}</p>}
            </div>
          </footer>
          {signedIn && csrf !== undefined && (
            <SessionWarning
              secondsLeft={signedIn.session.secondsLeft}
              warnSeconds={signedIn.session.warnSeconds ?? 120}
              endHref={signedIn.session.endHref}
              csrf={csrf}
              words={signedIn.session.words}
            />
          )}
        </body>
      </html>
    </PageLanguage.Provider>
  );
}

/**
 * Enter in a field presses the form's first submit button in the document. That would be the
 * language switch in the header, so a button that saves comes before it. It is not `hidden`,
 * because WebKit skips a button without a box.
 */
function DefaultButton({ formId }: { formId: string }) {
  // biome-ignore lint/a11y/noAriaHiddenOnFocusable: no one reaches it: tabindex -1, no size, no name
  return <button type="submit" class="ds-sr-only" form={formId} tabindex={-1} aria-hidden="true" />;
}

function PersonBar({ signedIn, words, csrf }: { signedIn: HeaderUser; words: LayoutWords; csrf: string }) {
  const valueLanguage = useValueLanguage();
  return (
    <div class="person-bar">
      <div class="wrap">
        <nav aria-label={words.navigation}>
          {signedIn.nav.map((item) => (
            <a
              key={item.href}
              href={item.href}
              aria-current={item.current === 'section' ? 'true' : item.current}
            >
              {item.label}
            </a>
          ))}
        </nav>
        <p class="person">
          <b lang={signedIn.nameLanguage ?? valueLanguage(signedIn.shortName)}>{signedIn.shortName}</b>{' '}
          <span class="session-ends">{signedIn.session.words.endsAt}</span>
        </p>
        <form method="post" action={paths.signOut}>
          <input type="hidden" name="csrf" value={csrf} />
          <button type="submit" class="sign-out">
            <Icon name="leave" />
            <span>{words.signOut}</span>
          </button>
        </form>
      </div>
    </div>
  );
}
