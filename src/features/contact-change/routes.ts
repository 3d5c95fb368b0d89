import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { actorOf, sendAway } from '../../platform/http/actor.ts';
import { formIdText, readForm } from '../../platform/http/forms.ts';
import type { TypedPage } from '../../platform/http/language.ts';
import type { SendPage } from '../../platform/http/page.tsx';
import { problem } from '../../platform/http/problem.ts';
import { formatSince } from '../../texts/dates.ts';
import type { Texts } from '../../texts/kk.ts';
import { fill } from '../../texts/texts.ts';
import { isBlank } from '../../values/cleaning.ts';
import { displayed } from '../../values/displayed.ts';
import { findNumber } from '../changes/store.ts';
import type { ChallengeFor } from '../eds/challenge.ts';
import { checkSignature, type EdsDeps, giveChallenge } from '../eds/check-signature.ts';
import { type EdsReason, retryAfter, shownReason, unknownSince } from '../eds/reasons.ts';
import type { Channel } from '../notices/channel.ts';
import { type ViewDeps, viewRequisites } from '../requisites/view.ts';
import {
  type ContactChangeDeps,
  completeChange,
  isGiven,
  isProved,
  type NeededProofs,
  neededProofs,
  proofsAsked,
  prove,
  refuseContact,
  sendCode,
  touchedChannels,
} from './contact.ts';
import { type CodeField, type CodeFieldReason, ConfirmPage, type ConfirmPageProps } from './pages.tsx';
import type { ContactActor, ContactOnFile, PendingChange, ProofKind } from './ports.ts';

export interface ContactChangeRoutesDeps
  extends ViewDeps,
    ContactChangeDeps,
    Omit<EdsDeps, 'database' | 'keys'> {
  /** The origin that the person sees; part of what they sign. */
  readonly siteOf: (request: FastifyRequest) => string;
  readonly sendPage: SendPage;
  readonly channels: { available(channel: Channel): boolean };
  /** Ends all sessions of a person whom the fund no longer lets in. */
  readonly endSessions: (holderId: string) => Promise<unknown>;
  /** Told that a change waits for the fund. */
  readonly onSaved: () => void;
  /** Told that messages wait in the outbox. */
  readonly onQueued: () => void;
}

/** A pending change, what it still needs, and whether it may be made at all. */
interface Found {
  readonly pending: PendingChange;
  readonly needed: NeededProofs;
  readonly stopped: boolean;
}

/** What became of sending codes, as the page tells it. */
interface Sent {
  readonly status: number;
  readonly message: 'codeSent' | 'codeLimit';
}

const path = '/services/requisites/confirm';
const form = '/services/requisites';
/** The form with what is pending, where every reason against it is told. */
const edit = `${form}?edit=pending`;
const codeFields: readonly CodeField[] = ['currentCode', 'newMobileCode', 'newEmailCode'];
const none: ConfirmPageProps['errors'] = new Map();

/** The confirmation of a change of mobile or e-mail. */
export function contactChangeRoutes(
  server: FastifyInstance,
  parts: ContactChangeRoutesDeps,
): ReadonlyMap<string, TypedPage> {
  const find = async ({ holderId }: ContactActor): Promise<Found | undefined> => {
    const { proofMinutes, contactWaitHours } = parts.contactRules;
    const pending = await parts.contacts.findPending(holderId, proofMinutes);
    if (!pending) return undefined;
    const standing = await parts.contacts.standing(holderId, contactWaitHours);
    const stopped = !pending.byEds && refuseContact(standing, touchedChannels(pending.entries)) !== undefined;
    return { pending, needed: neededProofs(parts, pending, standing), stopped };
  };

  const show = async (
    request: FastifyRequest,
    reply: FastifyReply,
    more: Partial<Pick<ConfirmPageProps, 'errors' | 'message' | 'via' | 'eds'>> & {
      readonly status?: number;
    } = {},
  ): Promise<FastifyReply> => {
    const actor = actorOf(request);
    const found = await find(actor);
    if (!found) return reply.redirect(form, 303);
    if (found.stopped) return reply.redirect(edit, 303);
    const { context } = request;
    return parts.sendPage(request, reply, {
      title: context.texts.confirm.title,
      section: 'services',
      hasForm: true,
      path,
      status: more.status ?? 200,
      hasErrors: (more.errors?.size ?? 0) > 0 || more.eds !== undefined,
      scripts: ['eds'],
      body: ConfirmPage({
        ...found,
        t: context.texts,
        language: context.language,
        eds: more.eds,
        csrf: context.csrf(),
        codeMinutes: parts.contactRules.confirmationCodeMinutes,
        asked: await proofsAsked(parts, actor.holderId, found.pending),
        errors: more.errors ?? none,
        message: more.message,
        via: more.via,
        unavailable: (['mobile', 'email'] as const).filter((channel) => !parts.channels.available(channel)),
      }),
    });
  };

  /** Where a post leads whose change no longer waits: to its receipt when it was made, else to `otherwise`. */
  const leave = async (reply: FastifyReply, actor: ContactActor, formId: string, otherwise: string) => {
    const number = formIdText.safeParse(formId).success
      ? await findNumber(parts.database, actor.holderId, formId)
      : undefined;
    return reply.redirect(number === undefined ? otherwise : `/receipts/${number}`, 303);
  };

  server.get(path, { config: { access: 'holder' } }, async (request, reply) => show(request, reply));

  server.post(path, { config: { access: 'holder' } }, async (request, reply) => {
    const sent = readForm(request.body, {
      required: [],
      optional: ['formId', 'via', 'action', 'id', 'signature', ...codeFields],
    });
    const actor = actorOf(request);
    const found = await find(actor);
    if (!found) return leave(reply, actor, sent['formId'] ?? '', form);
    const { pending, needed } = found;
    const { formId = pending.formId, action } = sent;
    // This page was left behind: the change it shows was made or replaced in another window.
    if (formId !== pending.formId) return leave(reply, actor, formId, path);

    const { id, signature } = sent;
    if (id !== undefined && signature !== undefined) return sign(request, reply, pending, { id, signature });
    if (id !== undefined || signature !== undefined) throw problem(400);
    if (action === 'cancel') {
      await parts.contacts.drop(actor.holderId);
      return reply.redirect(form, 303);
    }
    if (action === 'fix' || found.stopped) return reply.redirect(edit, 303);
    if (action === 'resend')
      return show(request, reply, await send(request, pending, needed, openProofs(pending, needed)));
    if (action !== undefined && action !== 'via') throw problem(400);

    const chosen = readVia(sent['via'], needed);
    if (action === 'via' && !chosen) {
      const errors = new Map([['via', 'viaMissing']] as const);
      return show(request, reply, { status: 422, errors });
    }
    const typed = codeFields.filter((field) => !isBlank(sent[field] ?? ''));
    const isNews =
      chosen?.channel !== pending.via && !pending.currentProved && !typed.includes('currentCode');
    if (chosen && (action === 'via' || isNews)) {
      const answer = await choose(request, pending, needed, chosen);
      if (typed.length === 0 || answer.message === 'codeLimit') return show(request, reply, answer);
    }

    const errors = new Map<CodeField, CodeFieldReason>();
    for (const field of typed) {
      const proof = proofOf(field, needed);
      if (proof === undefined || isGiven(pending, proof)) continue;
      const outcome = await prove(parts, actor, pending, proof, sent[field] ?? '');
      if (!outcome.ok) errors.set(field, outcome.reason);
    }
    const now = await find(actor);
    if (now?.pending.changeId !== pending.changeId) return leave(reply, actor, pending.formId, path);
    for (const field of errors.keys()) {
      // Another post of this page brought the same code a moment earlier.
      const proof = proofOf(field, now.needed);
      if (proof && isGiven(now.pending, proof)) errors.delete(field);
    }
    if (errors.size === 0 && !isProved(now.pending, now.needed)) {
      for (const proof of openProofs(now.pending, now.needed)) {
        const field = codeFields.find((one) => proofOf(one, now.needed) === proof);
        // Codes may come one by one: only what was asked for and left empty in this very form is an error.
        if (field && sent[field] !== undefined) errors.set(field, 'codeEmpty');
      }
      if (errors.size === 0) return reply.redirect(path, 303);
    }
    if (errors.size > 0) return show(request, reply, { status: 422, errors });

    // What a branch changed meanwhile is taken over first, so that this change is not written over it unseen.
    if (!(await viewRequisites(parts, actor))) return sendAway(parts, request, reply);
    const outcome = await completeChange(parts, actor, now.pending);
    switch (outcome.kind) {
      case 'saved':
        parts.onSaved();
        parts.onQueued();
        return reply.redirect(`/receipts/${outcome.number}`, 303);
      case 'proof-gone':
        return show(request, reply, { status: 422, message: 'proofGone' });
      case 'conflict':
      case 'form-reused':
      case 'refused':
        return reply.redirect(edit, 303);
    }
  });

  const challengeFor = (request: FastifyRequest, pending: PendingChange): ChallengeFor => ({
    purpose: 'change',
    binding: actorOf(request).sessionHash,
    site: parts.siteOf(request),
    change: { id: pending.changeId, lines: changeLines(request.context.texts, pending) },
  });

  server.post(`${path}/challenge`, { config: { access: 'holder' } }, async (request, reply) => {
    readForm(request.body, { required: [] });
    const found = await find(actorOf(request));
    if (!found || found.stopped) throw problem(409);
    const { pending } = found;
    return reply.send(await giveChallenge(parts, challengeFor(request, pending)));
  });

  /** Makes the change by a signature over exactly what is pending, instead of all codes. */
  const sign = async (
    request: FastifyRequest,
    reply: FastifyReply,
    pending: PendingChange,
    signed: { readonly id: string; readonly signature: string },
  ): Promise<FastifyReply> => {
    const actor = actorOf(request);
    const refuse = (reason: EdsReason, detail?: string) => {
      request.log.info({ reason }, 'a signature was refused');
      const wait = retryAfter(reason);
      if (wait !== undefined) reply.header('retry-after', String(wait));
      const since = unknownSince({ reason, detail });
      return show(request, reply, {
        status: wait === undefined ? 422 : 503,
        eds: {
          reason: shownReason(reason),
          since: since && formatSince(request.context.language, since),
          again: wait === undefined ? undefined : signed,
        },
      });
    };
    const asked = challengeFor(request, pending);
    const checked = await checkSignature(parts, { ...signed, asked, requester: `holder ${actor.holderId}` });
    if (!checked.ok) return refuse(checked.reason, checked.detail);
    const { iin, evidence } = checked.value;
    if (iin !== actor.iin) return refuse('otherPerson');
    if (!(await viewRequisites(parts, actor))) return sendAway(parts, request, reply);
    const outcome = await completeChange(parts, actor, pending, evidence);
    if (outcome.kind === 'proof-gone') return refuse('challengeOver');
    if (outcome.kind !== 'saved') return reply.redirect(edit, 303);
    parts.onSaved();
    parts.onQueued();
    return reply.redirect(`/receipts/${outcome.number}`, 303);
  };

  /** Sends the code to the chosen channel on file; the choice stands only if that was possible. */
  const choose = async (
    request: FastifyRequest,
    pending: PendingChange,
    needed: NeededProofs,
    chosen: ContactOnFile,
  ): Promise<Sent & { readonly via: Channel }> => {
    const answer = await send(request, pending, { ...needed, current: chosen }, ['current']);
    if (answer.message === 'codeSent')
      await parts.contacts.chooseVia(actorOf(request).holderId, pending.changeId, chosen.channel);
    return { ...answer, via: chosen.channel };
  };

  const send = async (
    request: FastifyRequest,
    pending: PendingChange,
    needed: NeededProofs,
    proofs: readonly ProofKind[],
  ): Promise<Sent> => {
    let limited = false;
    for (const proof of proofs) {
      if (!(await sendCode(parts, actorOf(request), pending, proof, needed)).ok) limited = true;
    }
    parts.onQueued();
    return limited ? { status: 429, message: 'codeLimit' } : { status: 200, message: 'codeSent' };
  };

  return new Map([
    [
      path,
      {
        fields: ['formId', 'via'],
        secret: codeFields,
        forHolder: true,
        show: async (request, reply, { via }) => show(request, reply, { via }),
      },
    ],
  ]);
}

/** The change in words, one line each; the values as they will be stored, quoted, so that there is one way to read them. */
function changeLines(t: Texts, { document, entries, revision }: PendingChange): string[] {
  const quoted = (value: string | null) => (value === null ? t.eds.change.none : JSON.stringify(value));
  const shown = document && [
    t.documentTypes[document.type],
    displayed([document.series, document.number].filter(Boolean).join(' ')),
  ];
  return [
    t.eds.change.title,
    fill(t.eds.change.document, { document: shown?.join(', ') ?? t.eds.change.none }),
    ...entries.map((entry) =>
      fill(t.eds.change.entry, {
        field: t.requisites[entry.field],
        old: quoted(entry.old),
        new: quoted(entry.new),
      }),
    ),
    fill(t.eds.change.revision, { revision }),
  ];
}

/** The proofs that are still missing and whose code has somewhere to go. */
function openProofs(pending: PendingChange, needed: NeededProofs): ProofKind[] {
  return (['new', 'current'] as const).filter((proof) => needed[proof] && !isGiven(pending, proof));
}

/** A channel among those that may confirm; anything else is a broken form. */
function readVia(sent: string | undefined, { choices }: NeededProofs): ContactOnFile | undefined {
  if (sent === undefined || sent === '') return undefined;
  const choice = choices.find(({ channel }) => channel === sent);
  if (!choice) throw problem(400);
  return choice;
}

/** Which proof a code field carries; undefined when this change does not ask for it. */
function proofOf(field: CodeField, needed: NeededProofs): ProofKind | undefined {
  if (field === 'currentCode') return needed.current ? 'current' : undefined;
  const channel = field === 'newMobileCode' ? 'mobile' : 'email';
  return needed.new?.channel === channel ? 'new' : undefined;
}
