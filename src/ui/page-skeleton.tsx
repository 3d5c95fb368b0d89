import { LRUCache } from 'lru-cache';
import type { ComponentChildren, VNode } from 'preact';
import { renderToString } from 'preact-render-to-string';
import { iconSymbols } from './icon.tsx';
import { Layout, type LayoutProps } from './layout.tsx';
import { PageLanguage, valueLanguage } from './value-language.ts';

// Most of a page is the same for everybody: what the layout writes around it, and the whole of the
// start page. That is rendered once, with marks in place of everything that belongs to one person
// or one answer. A part is kept under the very properties that it was rendered from, so nothing else
// can be in it.

/** What belongs to one person or one answer. */
type Slot =
  | 'title'
  | 'csrf'
  | 'ownPath'
  | 'banner'
  | 'children'
  | 'shortName'
  | 'endsAt'
  | 'secondsLeft'
  | 'endHref';

/** A sign that no text of ours has. */
const sign = '\uE000';
const mark = (slot: Slot): string => `${sign}${slot}${sign}`;

/** HTML, in turn: of everybody, the name of a slot, of everybody, and so on. */
type Pieces = readonly string[];

/** How many skeletons are kept. The pages of all languages have about 100. */
const most = 300;
const skeletons = new LRUCache<string, Pieces>({ max: most });

/** A body that shows nothing but texts and the token of its forms: the same for everybody. */
export interface SharedBody<Words> {
  /** Define it outside of every function, so that it knows of no request. */
  readonly shared: (words: Words, csrf: string) => VNode;
}

/** Whole pages with marks for the token, by their body and by everything else that is in them. */
const sharedPages = new Map<object, LRUCache<string, Pieces>>();

/** The HTML document of a page, as `renderDocument` makes it of `Layout`. */
export function renderPage(props: LayoutProps): string {
  const { children, language } = props;
  return compose(props, renderBody(children, language));
}

/**
 * A page whose body all share: its HTML before, between and after the tokens of its forms. It is
 * the same array each time.
 * @param words the texts of the page's language
 */
export function sharedAround<Words extends object>(
  props: Omit<LayoutProps, 'children' | 'csrf' | 'signedIn'>,
  body: SharedBody<Words>,
  words: Words,
): readonly string[] {
  const { language, title, ownPath, banner } = props;
  const whole = { ...props, csrf: mark('csrf'), children: undefined };
  const bannerHtml = banner ? renderBody(banner, language) : '';
  const key = JSON.stringify([shapeOf(whole), title, ownPath, bannerHtml]);
  const pages = sharedPages.get(body) ?? new LRUCache<string, Pieces>({ max: most });
  sharedPages.set(body, pages);
  const known = pages.get(key);
  if (known) return known;
  const html = compose(whole, renderBody(body.shared(words, mark('csrf')), language));
  const made = split(html).filter((_, index) => index % 2 === 0);
  pages.set(key, made);
  return made;
}

/**
 * Every part that is kept, as one text each.
 *
 * @internal A test looks for what belongs to a person.
 */
export function keptParts(): readonly string[] {
  const pages = [...sharedPages.values()].flatMap((ofBody) => [...ofBody.values()]);
  return [...skeletons.values(), ...pages].map((pieces) => pieces.join(sign));
}

function compose(props: LayoutProps, children: string): string {
  const { language, csrf, banner, signedIn, ownPath } = props;
  const bannerHtml = banner ? renderBody(banner, language) : '';
  const pieces = skeletonOf(shapeOf(props));
  const session = signedIn?.session;
  const html = fill(pieces, {
    title: escapeHtml(props.title),
    csrf: escapeHtml(csrf ?? ''),
    ownPath: escapeHtml(ownPath ?? ''),
    banner: bannerHtml,
    children,
    shortName: escapeHtml(signedIn?.shortName ?? ''),
    endsAt: escapeHtml(session?.words.endsAt ?? ''),
    secondsLeft: String(session?.secondsLeft ?? ''),
    endHref: escapeHtml(session?.endHref ?? ''),
  });
  const [end] = closing.exec(html) ?? [''];
  return `<!doctype html>${html.slice(0, html.length - end.length)}${iconSymbols(html)}${end}`;
}

const closing = /<\/body><\/html>$/;

function renderBody(body: ComponentChildren, language: LayoutProps['language']): string {
  return renderToString(<PageLanguage.Provider value={language}>{body}</PageLanguage.Provider>);
}

/** The properties of a page with marks in all slots. */
function shapeOf(props: LayoutProps): LayoutProps {
  const { signedIn, csrf, ownPath, banner, language } = props;
  return {
    ...props,
    title: mark('title'),
    csrf: csrf === undefined ? undefined : mark('csrf'),
    ownPath: ownPath === undefined ? undefined : mark('ownPath'),
    banner: banner ? mark('banner') : undefined,
    children: mark('children'),
    signedIn: signedIn && {
      ...signedIn,
      shortName: mark('shortName'),
      nameLanguage: valueLanguage(signedIn.shortName, language),
      session: {
        ...signedIn.session,
        secondsLeft: mark('secondsLeft') as unknown as number,
        endHref: mark('endHref'),
        words: { ...signedIn.session.words, endsAt: mark('endsAt') },
      },
    },
  };
}

function skeletonOf(shape: LayoutProps): Pieces {
  const key = JSON.stringify(shape);
  const known = skeletons.get(key);
  if (known) return known;
  const made = split(renderToString(<Layout {...(JSON.parse(key) as LayoutProps)} />));
  skeletons.set(key, made);
  return made;
}

function split(html: string): Pieces {
  return html.split(sign);
}

function fill(pieces: Pieces, values: Readonly<Partial<Record<Slot, string>>>): string {
  let html = '';
  pieces.forEach((piece, index) => {
    html += index % 2 === 0 ? piece : (values[piece as Slot] ?? '');
  });
  return html;
}

const unsafe = /[&<"]/g;
const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '"': '&quot;' };

/** As Preact does it, for texts and for attributes in double quotes. */
function escapeHtml(text: string): string {
  return text.replace(unsafe, (character) => entities[character] ?? '');
}
