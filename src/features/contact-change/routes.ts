import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { editPendingChange, paths } from '../../paths.ts';
import { actorOf } from '../../platform/http/actor.ts';
import { formOf, parse } from '../../platform/http/forms.ts';
import type { TypedPage } from '../../platform/http/language.ts';
import { codeFields } from './code-fields.ts';
import { type ContactChangeRoutesDeps, leave, sendConfirm } from './common-routes.ts';
import { findChange } from './found-change.ts';
import { postPasskey, postPasskeyChallenge } from './passkey-routes.ts';
import { postProofs, postResend } from './proof-routes.ts';
import { cancelChange } from './prove.ts';
import { postChallenge, postSignature } from './sign-routes.ts';

const confirmForm = formOf({
  formId: z.string().optional(),
  via: z.enum(['', 'mobile', 'email']).optional(),
  action: z.enum(['via', 'resend', 'resend-new', 'resend-current', 'fix', 'cancel']).optional(),
  currentCode: z.string().optional(),
  newMobileCode: z.string().optional(),
  newEmailCode: z.string().optional(),
  // A signature instead of all codes.
  id: z.string().optional(),
  signature: z.string().optional(),
}).refine(({ id, signature }) => (id === undefined) === (signature === undefined));

/** The confirmation of a change of mobile or e-mail. */
export function contactChangeRoutes(
  server: FastifyInstance,
  deps: ContactChangeRoutesDeps,
): ReadonlyMap<string, TypedPage> {
  const holder = { access: 'holder', wish: 'change-contact' } as const;
  server.get(paths.confirmChange, { config: { access: 'holder' } }, (request, reply) =>
    showConfirm(deps, request, reply),
  );
  server.post(paths.confirmChange, { config: holder }, (request, reply) => postConfirm(deps, request, reply));
  server.post(paths.confirmChangeChallenge, { config: holder }, (request, reply) =>
    postChallenge(deps, request, reply),
  );
  server.post(paths.confirmByPasskeyChallenge, { config: { ...holder, json: true } }, (request, reply) =>
    postPasskeyChallenge(deps, request, reply),
  );
  server.post(
    paths.confirmByPasskey,
    { config: { ...holder, backTo: paths.confirmChange } },
    (request, reply) => postPasskey(deps, request, reply),
  );
  return new Map([
    [
      paths.confirmChange,
      {
        fields: ['formId', 'via'],
        secret: codeFields,
        forHolder: true,
        show: (request, reply, { via }) => sendConfirm(deps, request, reply, { via }),
      },
    ],
  ]);
}

function showConfirm(
  deps: ContactChangeRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  return sendConfirm(deps, request, reply);
}

async function postConfirm(
  deps: ContactChangeRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const sent = parse(confirmForm, request.body);
  const actor = actorOf(request);
  const found = await findChange(deps, actor.holderId);
  if (!found) return leave(deps, request, reply, actor, sent.formId ?? '', paths.requisites);
  const { pending } = found;
  const { id, signature, formId = pending.formId } = sent;
  // This page is out of date: its change was completed or replaced in another window.
  if (formId !== pending.formId) return leave(deps, request, reply, actor, formId, paths.confirmChange);

  if (id !== undefined && signature !== undefined)
    return postSignature(deps, request, reply, pending, { id, signature });
  if (sent.action === 'cancel') return cancel(deps, request, reply);
  // The form shows what prevents the change, and lets the person correct it.
  if (sent.action === 'fix' || found.stopped) return reply.redirect(editPendingChange, 303);
  if (sent.action?.startsWith('resend')) return postResend(deps, request, reply, found, sent.action);
  return postProofs(deps, request, reply, found, sent);
}

async function cancel(
  deps: ContactChangeRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  await cancelChange(deps, actorOf(request).holderId);
  return reply.redirect(paths.requisites, 303);
}
