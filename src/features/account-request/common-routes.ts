import type { FastifyReply, FastifyRequest } from 'fastify';
import type { SendPage } from '../../platform/http/page.tsx';
import { readSecret } from '../../platform/http/request-context.ts';
import type { Channel } from '../notices/channel.ts';
import { type PasswordLength, passwordLength } from '../passwords/password.ts';
import { readStrongSteps } from '../second-step/store.ts';
import { readMarks } from '../sign-in/device-marks.ts';
import type { AccountRequestDeps, AccountRequestKind } from './account-request.ts';
import type { Requester } from './admission.ts';
import type { AccountRequestPageProps } from './admission-notice.tsx';
import { findAccountRequest } from './request.ts';

export interface AccountRequestRoutesDeps extends AccountRequestDeps {
  readonly sendPage: SendPage;
  readonly channels: { available(channel: Channel): boolean };
}

/**
 * What the handlers of `/register` and `/recover` are given. The two differ in their texts and in
 * what the worker sends.
 */
export interface KindRoutesDeps extends AccountRequestRoutesDeps {
  readonly kind: AccountRequestKind;
}

/** A page's own properties, and the HTTP status of the answer. */
export type Shown<Props> = Partial<Props> & { readonly status?: number };

/** What the pages before the right code have in common. */
export function commonProps(
  { kind, attackSwitch, channels }: KindRoutesDeps,
  { context }: FastifyRequest,
): AccountRequestPageProps {
  return {
    t: context.texts,
    kind,
    csrf: context.csrf(),
    stoppedMinutes: attackSwitch.open ? attackSwitch.minutes : undefined,
    down: (['mobile', 'email'] as const).filter((channel) => !channels.available(channel)),
  };
}

/** The title of the pages before the right code. */
export function titleOf(kind: AccountRequestKind, { context: { texts: t } }: FastifyRequest): string {
  return kind === 'register' ? t.registration.title : t.recovery.title;
}

/** The secret of this browser's request, if it has one. */
export function requestToken(request: FastifyRequest): string | undefined {
  return readSecret(request, 'entry', request.context.secure);
}

/** How far this browser's request has come. Undefined when there is none. */
export async function requestProgress(
  deps: KindRoutesDeps,
  request: FastifyRequest,
): Promise<'begun' | 'proved' | undefined> {
  const token = requestToken(request);
  const found = token === undefined ? undefined : await findAccountRequest(deps, deps.kind, token);
  return found && (found.proved ? 'proved' : 'begun');
}

/** How long the password of this browser's request must be. Told only after the right code. */
export async function requestedLength(
  deps: KindRoutesDeps,
  request: FastifyRequest,
): Promise<PasswordLength> {
  const token = requestToken(request);
  const found = token === undefined ? undefined : await findAccountRequest(deps, deps.kind, token);
  const strong = found?.proved && (await readStrongSteps(deps.database, found.proved.holderId));
  return passwordLength((strong?.count ?? 0) > 0);
}

/** Who is asking, as far as the HTTP request shows. */
export function requesterOf(request: FastifyRequest, proof?: string): Requester {
  const { network, device, secure } = request.context;
  return {
    network,
    marks: readMarks(device).hashes,
    browser: readSecret(request, 'visit', secure),
    proof,
  };
}

/** How long the visitor waits, in the header and for the page. */
export function waitFor(
  reply: FastifyReply,
  { reason, detail: minutes = '1' }: { readonly reason: 'stopped' | 'limited'; readonly detail?: string },
): { readonly status: number; readonly limitedMinutes?: string } {
  reply.header('retry-after', String(Number(minutes) * 60));
  return reason === 'stopped' ? { status: 503 } : { status: 429, limitedMinutes: minutes };
}
