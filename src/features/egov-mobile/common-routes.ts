import type { FastifyReply, FastifyRequest } from 'fastify';
import { phoneAddress } from '../../paths.ts';
import type { SendPage } from '../../platform/http/page.tsx';
import { readSecret, setSecret } from '../../platform/http/request-context.ts';
import type { Database } from '../../platform/postgres/database.ts';
import type { Texts } from '../../texts/kk.ts';
import { fill } from '../../texts/texts.ts';
import { type PhoneApiDeps, phoneOrigin, phoneReason } from './api-routes.ts';
import type { AskedOfPhone, AttemptReason, PhoneAttempt } from './attempt.ts';
import { createAttemptAddress } from './attempt-secrets.ts';
import { PhonePage, type PhonePageProps } from './pages.tsx';
import { startAttempt } from './start.ts';
import { type PhoneView, phoneView } from './view.ts';

/** What the page of an attempt needs, whatever is signed. */
export interface AttemptPageDeps extends Pick<PhoneApiDeps, 'keys' | 'egovMobileSettings' | 'siteOf'> {
  readonly database: Database;
  readonly sendPage: SendPage;
  readonly config: { readonly demo: boolean };
}

/** Seconds for which the browser remembers the attempt that it began. */
const rememberedFor = 600;
/** Seconds after which a page without scripts is loaded again. */
const refreshedAfter = 10;
/** Minutes for which a browser that started too many attempts waits. */
const limitMinutes = 10;
/** Seconds after which a browser may try again when too many attempts are open. */
const busySeconds = 5;
/** The demonstration person whose key the page proposes. */
const demoIin = '900101300007';

/** What a page says after an attempt was not started. */
export interface NotStarted {
  readonly status: number;
  readonly trouble: string;
}

/**
 * Starts an attempt in this browser, in the place of a former one, and leads to its page.
 * @param to its page, and where the person goes afterwards
 * @param refuse sends the page that says why none was started
 */
export async function beginAttempt(
  { database }: Pick<AttemptPageDeps, 'database'>,
  request: FastifyRequest,
  reply: FastifyReply,
  asked: AskedOfPhone,
  to: { readonly page: string; readonly target: string | undefined },
  refuse: (said: NotStarted) => FastifyReply | Promise<FastifyReply>,
): Promise<FastifyReply> {
  const { context } = request;
  const started = await startAttempt(database, {
    formerToken: phoneToken(request),
    userAgent: request.headers['user-agent'] ?? '',
    network: context.network,
    language: context.language,
    target: to.target,
    asked,
  });
  if (started.ok) {
    setSecret(reply, 'phone', started.value, context.secure, rememberedFor);
    return reply.redirect(to.page, 303);
  }
  const isLimited = started.reason === 'limited';
  reply.header('retry-after', String(isLimited ? limitMinutes * 60 : busySeconds));
  const { limited, busy } = context.texts.phone;
  return refuse({
    status: isLimited ? 429 : 503,
    trouble: isLimited ? fill(limited, { minutes: limitMinutes }) : busy,
  });
}

/** What the pages of attempts differ in. */
export interface AttemptPage
  extends Pick<PhonePageProps, 'place' | 'trouble' | 'codeError'>,
    Partial<Pick<PhonePageProps, 'asksDigits' | 'needsDigits' | 'willRead'>> {
  readonly path: string;
  readonly section?: 'services';
  readonly status?: number | undefined;
}

/** Sends the page of an attempt: its code, how far it is, or what became of it. */
export function sendAttemptPage(
  deps: AttemptPageDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  attempt: PhoneAttempt | undefined,
  { path, section, status = 200, ...shown }: AttemptPage,
): FastifyReply {
  const { texts: t, csrf } = request.context;
  const view = phoneView(attempt);
  const isWatched = view === 'waiting' || view === 'scanned';
  return deps.sendPage(request, reply, {
    title: shown.place.title,
    ...(section && { section }),
    status,
    hasErrors: status >= 400,
    path,
    scripts: isWatched ? ['phone'] : [],
    styles: ['codes'],
    refreshedAfter: isWatched ? refreshedAfter : undefined,
    body: PhonePage({
      t,
      csrf: csrf(),
      view,
      attempt,
      code: attempt && view === 'waiting' ? phoneCodeOf(deps, request, attempt) : undefined,
      asksDigits: false,
      needsDigits: false,
      willRead: false,
      reason: attempt?.reason ? attemptReasonText(t, attempt.reason) : undefined,
      command: demoCommand(deps, view),
      ...shown,
    }),
  });
}

/** Why an attempt ended, in words. */
function attemptReasonText(t: Texts, reason: AttemptReason): string {
  if (reason === 'wrongDigits' || reason === 'stopped' || reason === 'changeOver') return t.phone[reason];
  return fill(phoneReason(t, reason), { since: '' });
}

/** The command that takes the place of the app, on the page with the code of a demonstration. */
function demoCommand({ config }: Pick<AttemptPageDeps, 'config'>, view: PhoneView): string | undefined {
  return config.demo && view === 'waiting' ? `npm run phone -- --auto ${demoIin}` : undefined;
}

/** What the address of a code is made from. */
export type PhoneCodeDeps = Pick<AttemptPageDeps, 'keys' | 'egovMobileSettings' | 'siteOf'>;

/** What the QR code holds now, and the link for the same phone. */
export function phoneCodeOf(
  deps: PhoneCodeDeps,
  request: FastifyRequest,
  { attemptId, turn }: PhoneAttempt,
): NonNullable<PhonePageProps['code']> {
  const id = createAttemptAddress(deps.keys, { attemptId, turn });
  const address = phoneOrigin(deps, request) + phoneAddress(id, 'mgovSign');
  return {
    turn,
    qr: `mobileSign:${address}`,
    link: deps.egovMobileSettings.link + encodeURIComponent(address),
  };
}

/** The secret of the attempt that this browser began last. */
export function phoneToken(request: FastifyRequest): string | undefined {
  return readSecret(request, 'phone', request.context.secure);
}
