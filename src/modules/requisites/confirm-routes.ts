import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { readForm } from '../../web/forms.ts';
import type { TypedPage } from '../../web/language.ts';
import type { SendPage } from '../../web/page.tsx';
import { problem } from '../../web/problem.ts';
import type { Channel } from '../notices/ports.ts';
import {
  type CodeField,
  type CodeFieldReason,
  ConfirmPage,
  type ConfirmPageProps,
} from './confirm-pages.tsx';
import {
  type ContactParts,
  completeChange,
  isProved,
  type NeededProofs,
  neededProofs,
  prove,
  sendCode,
} from './contact.ts';
import type { ContactActor, PendingChange, ProofKind } from './ports.ts';
import { actorOf } from './routes.ts';

export interface ConfirmRoutesParts extends ContactParts {
  readonly sendPage: SendPage;
  readonly channels: { available(channel: Channel): boolean };
  /** Told that something waits in the outbox. */
  readonly onSaved: () => void;
}

const path = '/services/requisites/confirm';
const form = '/services/requisites';
const codeFields: readonly CodeField[] = ['currentCode', 'newMobileCode', 'newEmailCode'];
const none: ConfirmPageProps['errors'] = new Map();

/** The confirmation of a change of mobile or e-mail. */
export function confirmRoutes(
  server: FastifyInstance,
  parts: ConfirmRoutesParts,
): ReadonlyMap<string, TypedPage> {
  /** The pending change and what it needs; sent back to the form when there is none. */
  const find = async (
    actor: ContactActor,
  ): Promise<{ pending: PendingChange; needed: NeededProofs } | undefined> => {
    const { proofMinutes, contactWaitHours } = parts.contactRules;
    const pending = await parts.contacts.findPending(actor.holderId, proofMinutes);
    if (!pending) return undefined;
    const standing = await parts.contacts.standing(actor.holderId, contactWaitHours);
    return { pending, needed: neededProofs(parts, pending, standing) };
  };

  const show = async (
    request: FastifyRequest,
    reply: FastifyReply,
    more: {
      status?: number;
      errors?: ConfirmPageProps['errors'];
      message?: ConfirmPageProps['message'];
    } = {},
  ): Promise<FastifyReply> => {
    const found = await find(actorOf(request));
    if (!found) return reply.redirect(form, 303);
    const { visit } = request;
    return parts.sendPage(request, reply, {
      title: visit.texts.confirm.title,
      section: 'services',
      hasForm: true,
      path,
      status: more.status ?? 200,
      hasErrors: (more.errors?.size ?? 0) > 0,
      body: ConfirmPage({
        ...found,
        t: visit.texts,
        csrf: visit.csrf(),
        errors: more.errors ?? none,
        message: more.message,
        unavailable: (['mobile', 'email'] as const).filter((channel) => !parts.channels.available(channel)),
      }),
    });
  };

  server.get(path, { config: { access: 'holder' } }, async (request, reply) => show(request, reply));

  server.post(path, { config: { access: 'holder' } }, async (request, reply) => {
    const sent = readForm(request.body, { required: [], optional: ['via', 'action', ...codeFields] });
    const actor = actorOf(request);
    const found = await find(actor);
    if (!found) return reply.redirect(form, 303);
    const { pending } = found;

    if (sent['action'] === 'cancel') {
      await parts.contacts.drop(actor.holderId);
      return reply.redirect(form, 303);
    }
    if (sent['action'] === 'fix') return reply.redirect(`${form}?edit=pending`, 303);
    const via = readVia(sent['via'], found.needed);
    if (via !== undefined && via !== pending.via) {
      await parts.contacts.chooseVia(actor.holderId, pending.changeId, via);
      const chosen = await find(actor);
      const limited = chosen && !(await sendCode(parts, actor, chosen.pending, 'current', chosen.needed)).ok;
      parts.onSaved();
      if (limited) return show(request, reply, { status: 429, message: 'codeLimit' });
      const typed = codeFields.some((field) => (sent[field] ?? '').trim() !== '');
      if (!typed) return show(request, reply, { message: 'codeSent' });
    }
    if (sent['action'] === 'via') return show(request, reply, { message: 'codeSent' });
    if (sent['action'] === 'resend') return resend(request, reply, actor, found);
    if (sent['action'] !== undefined) throw problem(400);

    const errors = new Map<CodeField, CodeFieldReason>();
    for (const field of codeFields) {
      const typed = (sent[field] ?? '').trim();
      const proof = proofOf(field, found.needed);
      if (typed === '' || proof === undefined) continue;
      const outcome = await prove(parts, actor, pending, proof, typed);
      if (!outcome.ok) errors.set(field, outcome.reason);
    }
    if (errors.size > 0) return show(request, reply, { status: 422, errors });

    const now = await find(actor);
    if (!now) return reply.redirect(form, 303);
    if (!isProved(now.pending, now.needed)) {
      for (const field of codeFields) {
        const proof = proofOf(field, now.needed);
        const missing =
          proof === 'new' ? !now.pending.newProved : proof === 'current' && !now.pending.currentProved;
        // Codes may come one by one: only what was asked for and left empty in this very form is an error.
        if (missing && sent[field] !== undefined) errors.set(field, 'codeEmpty');
      }
      return errors.size > 0 ? show(request, reply, { status: 422, errors }) : reply.redirect(path, 303);
    }
    const outcome = await completeChange(parts, actor, now.pending, 'codes');
    switch (outcome.kind) {
      case 'saved':
        parts.onSaved();
        return reply.redirect(`/receipts/${outcome.number}`, 303);
      case 'proof-gone':
        return show(request, reply, { status: 422, message: 'proofGone' });
      case 'conflict':
      case 'form-reused':
        return reply.redirect(`${form}?edit=pending`, 303);
    }
  });

  /** Sends every code that is still needed once more. */
  const resend = async (
    request: FastifyRequest,
    reply: FastifyReply,
    actor: ContactActor,
    { pending, needed }: { pending: PendingChange; needed: NeededProofs },
  ): Promise<FastifyReply> => {
    const wanted: ProofKind[] = [
      ...(needed.new && !pending.newProved ? (['new'] as const) : []),
      ...(needed.current && !pending.currentProved ? (['current'] as const) : []),
    ];
    let limited = false;
    for (const proof of wanted) {
      if (!(await sendCode(parts, actor, pending, proof, needed)).ok) limited = true;
    }
    parts.onSaved();
    return limited
      ? show(request, reply, { status: 429, message: 'codeLimit' })
      : show(request, reply, { message: 'codeSent' });
  };

  return new Map([
    [
      path,
      {
        fields: ['via'],
        secret: codeFields,
        forHolder: true,
        show: async (request, reply) => show(request, reply),
      },
    ],
  ]);
}

/** A channel among those that may confirm; anything else is a broken form. */
function readVia(sent: string | undefined, needed: NeededProofs): Channel | undefined {
  if (sent === undefined || sent === '') return undefined;
  const choice = needed.choices.find(({ channel }) => channel === sent);
  if (!choice) throw problem(400);
  return choice.channel;
}

/** Which proof a code field carries; undefined when this change does not ask for it. */
function proofOf(field: CodeField, needed: NeededProofs): ProofKind | undefined {
  if (field === 'currentCode') return needed.current ? 'current' : undefined;
  const channel = field === 'newMobileCode' ? 'mobile' : 'email';
  return needed.new?.channel === channel ? 'new' : undefined;
}
