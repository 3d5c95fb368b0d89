import type { FastifyReply, FastifyRequest } from 'fastify';
import { editPendingChange, paths, receiptPath } from '../../paths.ts';
import { actorOf } from '../../platform/http/actor.ts';
import { redirectDone } from '../../platform/http/done-mark.ts';
import { formIdText } from '../../platform/http/forms.ts';
import type { SendPage } from '../../platform/http/page.tsx';
import type { Actor } from '../../platform/session.ts';
import { findNumber } from '../changes/store.ts';
import type { EdsDeps } from '../eds/check-signature.ts';
import type { EgovMobileSettings } from '../egov-mobile/settings.ts';
import type { Channels } from '../notices/channel.ts';
import { passkeySiteOf } from '../passkeys/site.ts';
import { readPasskeysForContacts } from '../passkeys/store.ts';
import type { ViewDeps } from '../requisites/view.ts';
import type { CompleteOutcome } from './complete.ts';
import { ConfirmPage, type ConfirmPageProps } from './confirm-page.tsx';
import type { ContactChangeDeps } from './deps.ts';
import { findChange } from './found-change.ts';
import { proofsAsked } from './prove.ts';

export interface ContactChangeRoutesDeps
  extends ViewDeps,
    ContactChangeDeps,
    Pick<EdsDeps, 'verifier' | 'edsSemaphore' | 'edsSettings'> {
  /** The origin that the person sees. It is part of what they sign. */
  readonly siteOf: (request: FastifyRequest) => string;
  readonly sendPage: SendPage;
  readonly egovMobileSettings: EgovMobileSettings;
  readonly channels: Channels;
  /** Ends all sessions of a person whom the fund no longer allows in. */
  readonly endSessions: (holderId: string) => Promise<unknown>;
  /** Called when a change waits for the fund. */
  readonly onSaved: () => void;
  /** Called when messages wait in the outbox. */
  readonly onQueued: () => void;
}

/** What the page says about what has just happened. */
export type ConfirmNews = Partial<
  Pick<ConfirmPageProps, 'errors' | 'message' | 'via' | 'passkeyRefusal' | 'eds'>
> & {
  readonly status?: number;
};

const none: ConfirmPageProps['errors'] = new Map();

/**
 * Sends the confirmation page of the pending change, or redirects to the form when there is nothing
 * to confirm.
 */
export async function sendConfirm(
  deps: ContactChangeRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  news: ConfirmNews = {},
): Promise<FastifyReply> {
  const { holderId } = actorOf(request);
  const found = await findChange(deps, holderId);
  if (!found) return reply.redirect(paths.requisites, 303);
  if (found.stopped) return reply.redirect(editPendingChange, 303);
  const { pending, needed } = found;
  const { texts: t, language, csrf } = request.context;
  return deps.sendPage(request, reply, {
    title: t.confirm.title,
    section: 'services',
    hasForm: true,
    path: paths.confirmChange,
    status: news.status ?? 200,
    hasErrors: (news.errors?.size ?? 0) > 0 || news.eds !== undefined || news.passkeyRefusal !== undefined,
    scripts: ['passkey', 'eds'],
    body: ConfirmPage({
      t,
      language,
      csrf: csrf(),
      pending,
      needed,
      waitHours: deps.contactSettings.waitHours,
      asked: await proofsAsked(deps, holderId, pending),
      errors: news.errors ?? none,
      message: news.message,
      via: news.via,
      passkey: await readPasskeysForContacts(deps.database, holderId, deps.contactSettings.waitHours),
      where: passkeySiteOf(deps.siteOf(request)),
      passkeyRefusal: news.passkeyRefusal,
      eds: news.eds,
      byPhone: deps.egovMobileSettings.service !== undefined,
      unavailable: (['mobile', 'email'] as const).filter((channel) => !deps.channels.available(channel)),
    }),
  });
}

/**
 * Redirects a post whose change is no longer pending: to its receipt when it was completed, else to
 * `otherwise`.
 */
export async function leave(
  { database, keys }: Pick<ContactChangeRoutesDeps, 'database' | 'keys'>,
  request: FastifyRequest,
  reply: FastifyReply,
  { holderId }: Actor,
  formId: string,
  otherwise: string,
): Promise<FastifyReply> {
  const number = formIdText.safeParse(formId).success
    ? await findNumber(database, holderId, formId)
    : undefined;
  return number === undefined
    ? reply.redirect(otherwise, 303)
    : redirectDone(keys, request, reply, receiptPath(number));
}

/**
 * Redirects to the receipt of a completed change, or to the form, which says why it was not
 * completed.
 */
export function leadOn(
  { keys, onSaved, onQueued }: Pick<ContactChangeRoutesDeps, 'keys' | 'onSaved' | 'onQueued'>,
  request: FastifyRequest,
  reply: FastifyReply,
  outcome: Exclude<CompleteOutcome, { kind: 'proof-gone' }>,
): FastifyReply {
  if (outcome.kind !== 'saved') return reply.redirect(editPendingChange, 303);
  onSaved();
  onQueued();
  return redirectDone(keys, request, reply, receiptPath(outcome.number));
}
