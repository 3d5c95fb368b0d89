import { paths, signInPath } from '../../paths.ts';
import { formatTime } from '../../texts/dates.ts';
import { fill } from '../../texts/texts.ts';
import type { HeaderUser, LayoutWords } from '../../ui/layout.tsx';
import type { MaintenanceState } from '../maintenance.ts';
import type { Assets } from './assets.ts';
import { Banner } from './banner.tsx';
import type { RequestContext } from './request-context.ts';

/** What surrounds every page. */
export interface PageFrame {
  readonly assets: Assets;
  readonly demo: boolean;
  readonly maintenance: () => MaintenanceState;
}

/** The parts of the cabinet that the navigation names. */
export type Section = 'services' | 'history' | 'security';

/** What the frame needs to know about a request. */
export type FramedContext = Pick<RequestContext, 'language' | 'texts' | 'session' | 'csrf'>;

/** The banner of a page; undefined when there is nothing to announce. */
export function bannerOf({ demo, maintenance }: PageFrame, context: FramedContext) {
  const state = maintenance();
  return state.kind === 'none' && !demo ? undefined : (
    <Banner context={context} maintenance={state} demo={demo} />
  );
}

/** The texts of the frame. */
export function layoutWords({ texts }: Pick<FramedContext, 'texts'>): LayoutWords {
  const { layout: t, session, help } = texts;
  return {
    cabinet: t.cabinet,
    fund: t.fund,
    skip: t.skip,
    navigation: t.navigation,
    language: t.language,
    signOut: t.signOut,
    sending: t.sending,
    offline: session.extendFailed,
    help: help.title,
    contactCentre: t.contactCentre,
    contactNumber: '1418',
    roundTheClock: t.aroundTheClock,
  };
}

/** Who is signed in, for the header. */
export function signedIn(
  { session, texts: t, language }: FramedContext,
  section: Section | undefined,
  path: string | undefined,
): HeaderUser | undefined {
  if (!session) return undefined;
  // Only return to a page without parameters: its address holds nothing personal.
  const to = path?.includes(':') ? undefined : path;
  const end = new Date(Date.now() + session.secondsLeft * 1_000);
  const current = (name: Section) => (name === section ? ('section' as const) : undefined);
  return {
    shortName: session.shortName,
    nav: [
      { href: paths.services, label: t.layout.services, current: current('services') },
      { href: paths.history, label: t.layout.history, current: current('history') },
      { href: paths.security, label: t.layout.security, current: current('security') },
    ],
    session: {
      secondsLeft: session.secondsLeft,
      endHref: signInPath({ ended: '1', to }),
      words: {
        endsAt: fill(t.session.endsAt, { time: formatTime(language, end) }),
        endsIn: t.session.endsIn,
        extend: t.session.extend,
        failed: t.session.extendFailed,
      },
    },
  };
}
