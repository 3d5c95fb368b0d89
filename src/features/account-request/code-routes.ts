import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { accountRequestPaths } from '../../paths.ts';
import { formOf, parse } from '../../platform/http/forms.ts';
import { isBlank } from '../../values/cleaning.ts';
import type { Requester } from './admission.ts';
import { CodePage, type CodePageProps } from './code-page.tsx';
import {
  commonProps,
  type KindRoutesDeps,
  requesterOf,
  requestProgress,
  requestToken,
  type Shown,
  titleOf,
  waitFor,
} from './common-routes.ts';
import { resendCode } from './request.ts';
import { tryCode } from './try-code.ts';

const codeQuery = z.object({ sent: z.literal('1').optional().catch(undefined) });
const codeForm = formOf({
  code: z.string(),
  action: z.literal('resend').optional(),
  proof: z.string().optional(),
});

/** Shows the page on which the code is typed. It is the same whether a code was sent or not. */
export async function showCode(
  deps: KindRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { start, password } = accountRequestPaths(deps.kind);
  const progress = await requestProgress(deps, request);
  if (progress === undefined) return reply.redirect(start, 303);
  if (progress === 'proved') return reply.redirect(password, 303);
  const { sent } = parse(codeQuery, request.query);
  return sendCodePage(deps, request, reply, sent === '1' ? { message: 'resent' } : {});
}

/** Compares a code, or sends it again. */
export async function postCode(
  deps: KindRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { start, password } = accountRequestPaths(deps.kind);
  const { code, action, proof } = parse(codeForm, request.body);
  const requester = requesterOf(request, proof);
  const token = requestToken(request);
  if (token === undefined) return reply.redirect(start, 303);
  if (action === 'resend') return postResend(deps, request, reply, { ...requester, token });
  if (isBlank(code)) return sendCodePage(deps, request, reply, { status: 422, error: 'codeEmpty' });
  const tried = await tryCode(deps, deps.kind, token, code, requester);
  if (tried.ok) return reply.redirect(password, 303);
  if (tried.reason === 'gone') return reply.redirect(start, 303);
  if (tried.reason === 'stopped')
    return sendCodePage(deps, request, reply, waitFor(reply, { ...tried, reason: tried.reason }));
  return sendCodePage(deps, request, reply, { status: 422, error: tried.reason });
}

async function postResend(
  deps: KindRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  requester: Requester & { readonly token: string },
): Promise<FastifyReply> {
  const { start, confirm } = accountRequestPaths(deps.kind);
  const { language } = request.context;
  const resent = await resendCode(deps, deps.kind, { ...requester, language });
  if (resent.ok) return reply.redirect(`${confirm}?sent=1`, 303);
  if (resent.reason === 'gone') return reply.redirect(start, 303);
  return sendCodePage(deps, request, reply, waitFor(reply, { ...resent, reason: resent.reason }));
}

/** Sends the page on which the code is typed. */
export function sendCodePage(
  deps: KindRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  { status = 200, ...props }: Shown<CodePageProps>,
): FastifyReply {
  const { kind, codeSettings, attackSwitch } = deps;
  return deps.sendPage(request, reply, {
    title: titleOf(kind, request),
    status,
    hasErrors: status >= 400,
    hasForm: true,
    path: accountRequestPaths(kind).confirm,
    scripts: attackSwitch.open || props.limitedMinutes !== undefined ? ['work'] : [],
    body: CodePage({
      codeMinutes: codeSettings.accountRequestMinutes,
      ...commonProps(deps, request),
      codesPerQuarterHour: codeSettings.perQuarterHour,
      ...props,
    }),
  });
}
