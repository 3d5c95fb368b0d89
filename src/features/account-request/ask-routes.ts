import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { accountRequestPaths, paths } from '../../paths.ts';
import { formOf, parse } from '../../platform/http/forms.ts';
import { setSecret } from '../../platform/http/request-context.ts';
import { readNow } from '../../platform/postgres/clock.ts';
import { isBlank } from '../../values/cleaning.ts';
import { formatPhone } from '../../values/phone.ts';
import { readTypedRequest, type TypedRequest } from './account-request.ts';
import { AskPage, type AskPageProps } from './ask-page.tsx';
import {
  commonProps,
  type KindRoutesDeps,
  requesterOf,
  requestToken,
  type Shown,
  titleOf,
  waitFor,
} from './common-routes.ts';
import { beginAccountRequest, typedBefore } from './request.ts';
import { createWorkChallenge } from './work.ts';

const askQuery = z.object({ again: z.literal('1').optional().catch(undefined) });
const askForm = formOf({ iin: z.string(), contact: z.string(), proof: z.string().optional() });
const workForm = formOf({ iin: z.string().optional(), contact: z.string().optional() });

/**
 * Shows the form that asks for a password. With `?again=1` it holds what was typed before, for the
 * visitor to correct.
 */
export async function showAsk(
  deps: KindRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  if (request.context.session) return reply.redirect(paths.services, 303);
  const token = requestToken(request);
  const { again } = parse(askQuery, request.query);
  const typed = again === '1' && token !== undefined ? await typedBefore(deps, deps.kind, token) : undefined;
  if (!typed) return sendAskPage(deps, request, reply, {});
  const { channel, value } = typed.contact;
  return sendAskPage(deps, request, reply, {
    iin: typed.iin,
    contact: channel === 'mobile' ? formatPhone(value) : value,
  });
}

/** Begins a request. Until a right code is typed, no answer depends on the person named. */
export async function postAsk(
  deps: KindRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { context } = request;
  const { iin, contact, proof } = parse(askForm, request.body);
  if (context.session) return reply.redirect(paths.services, 303);
  const read = readTypedRequest({ iin, contact }, deps.contactSettings.mobilePrefixes);
  if (!read.iin.ok || !read.contact.ok) {
    return sendAskPage(deps, request, reply, {
      status: 422,
      iin,
      contact,
      iinError: read.iin.ok ? undefined : isBlank(iin) ? { reason: 'empty' } : read.iin,
      contactError: read.contact.ok ? undefined : isBlank(contact) ? { reason: 'empty' } : read.contact,
    });
  }
  const begun = await beginAccountRequest(deps, {
    kind: deps.kind,
    typed: { iin: read.iin.value, contact: read.contact.value },
    language: context.language,
    ...requesterOf(request, proof),
    before: requestToken(request),
  });
  if (!begun.ok) return sendAskPage(deps, request, reply, { ...waitFor(reply, begun), iin, contact });
  setSecret(reply, 'entry', begun.value, context.secure);
  return reply.redirect(accountRequestPaths(deps.kind).confirm, 303);
}

/**
 * Gives the work that the device must do. The script of the page asks for it before it sends the
 * form.
 */
export async function postWork(
  deps: KindRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const sent = parse(workForm, request.body);
  const { browser } = requesterOf(request);
  const typed = await typedForWork(deps, request, sent);
  // The form is invalid, so there is nothing to work for. Submitting it shows what is wrong.
  if (!typed || browser === undefined) return reply.send({ challenge: null });
  const madeAt = (await readNow(deps.database)).getTime();
  return reply.send({ challenge: await createWorkChallenge(deps.keys, { typed, browser }, madeAt) });
}

/**
 * What a proof is for: the values in the form or, on the page of the code, the values typed before.
 */
async function typedForWork(
  deps: KindRoutesDeps,
  request: FastifyRequest,
  { iin, contact }: { readonly iin?: string | undefined; readonly contact?: string | undefined },
): Promise<TypedRequest | undefined> {
  if (iin !== undefined && contact !== undefined) {
    const read = readTypedRequest({ iin, contact }, deps.contactSettings.mobilePrefixes);
    return read.iin.ok && read.contact.ok ? { iin: read.iin.value, contact: read.contact.value } : undefined;
  }
  const token = requestToken(request);
  return token === undefined ? undefined : typedBefore(deps, deps.kind, token);
}

/** Sends the form that asks for a password. */
export function sendAskPage(
  deps: KindRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  { status = 200, ...props }: Shown<AskPageProps>,
): FastifyReply {
  return deps.sendPage(request, reply, {
    title: titleOf(deps.kind, request),
    status,
    hasErrors: status >= 400,
    hasForm: true,
    path: accountRequestPaths(deps.kind).start,
    scripts: deps.attackSwitch.open || props.limitedMinutes !== undefined ? ['work'] : [],
    body: AskPage({ ...commonProps(deps, request), iin: '', contact: '', ...props }),
  });
}
