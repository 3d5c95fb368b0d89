import { randomUUID } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type Fields, readForm } from '../../platform/http/forms.ts';
import type { TypedPage } from '../../platform/http/language.ts';
import type { Page, SendPage } from '../../platform/http/page.tsx';
import { problem } from '../../platform/http/problem.ts';
import { clearSecret } from '../../platform/http/request-context.ts';
import { displayed } from '../../values/displayed.ts';
import type { Iin } from '../../values/iin.ts';
import type { SavedChange } from '../changes/change.ts';
import { nextText, ReceiptPage, receiptFacts, receiptRows, receiptWords } from '../changes/pages.tsx';
import { createReceiptPrinter } from '../changes/receipt-printer.ts';
import { findReceipt } from '../changes/store.ts';
import type { ContactActor } from '../contact-change/ports.ts';
import { findSignedMessage } from '../eds/store.ts';
import { type FieldName, fields } from './fields/fields.ts';
import { addressSearch, type FormAlert, RequisitesPage, ServicesPage } from './pages.tsx';
import {
  changedElsewhere,
  type FieldErrors,
  findDraft,
  helpWithAddress,
  isTouched,
  keepDraft,
  type RequisitesDeps,
  type RequisitesView,
  refuseTouched,
  renewed,
  saveRequisites,
  shownBy,
  showRequisites,
  type Typed,
  typedOf,
  untouched,
} from './requisites.ts';

export interface RequisitesRoutesDeps extends RequisitesDeps {
  readonly sendPage: SendPage;
  /** How often one session may ask for suggestions. */
  readonly addressLimit: { take(session: string): { ok: true } | { ok: false; retryAfter: number } };
  readonly sessionsPerPerson: number;
  /** Ends all sessions of a person whom the fund no longer lets in. */
  readonly endSessions: (holderId: string) => Promise<unknown>;
  /** Told that a change waits for the fund. */
  readonly onSaved: () => void;
  /** Told that messages wait in the outbox. */
  readonly onQueued: () => void;
}

const path = '/services/requisites';
const formFields = ['formId', 'revision', 'document', ...fields.map(({ name }) => name)];
const repeatable = [...formFields, 'kazpost', 'proof'];
const none: FieldErrors = new Map();
export const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const receiptNumber = /^[0-9A-Z]{12}$/;

/** The services, the memo's page, and receipts. */
export function requisitesRoutes(
  server: FastifyInstance,
  parts: RequisitesRoutesDeps,
): ReadonlyMap<string, TypedPage> {
  const { sendPage } = parts;
  const printer = createReceiptPrinter();

  server.get('/services', { config: { access: 'holder' } }, async (request, reply) => {
    const { texts: t } = request.context;
    const replaced = (request.query as Record<string, unknown>)['replaced'] === '1';
    return sendPage(request, reply, {
      title: t.services.title,
      section: 'services',
      body: ServicesPage({ t, oldestEnded: replaced ? parts.sessionsPerPerson : undefined }),
    });
  });

  const showForm = async (
    request: FastifyRequest,
    reply: FastifyReply,
    view: RequisitesView,
    typed: Typed,
    more: { status?: number; errors?: FieldErrors; message?: FormAlert; search?: boolean } = {},
  ) => {
    const { context } = request;
    const asked = more.search ? { language: context.language } : undefined;
    const page: Page = {
      title: context.texts.requisites.title,
      section: 'services',
      hasForm: true,
      path,
      scripts: ['unsaved', 'address-suggest'],
      status: more.status ?? 200,
      hasErrors: (more.errors?.size ?? 0) > 0,
      body: RequisitesPage({
        t: context.texts,
        language: context.language,
        csrf: context.csrf(),
        view,
        typed,
        errors: more.errors ?? none,
        maySign: context.session?.method === 'eds',
        help: await helpWithAddress(parts, view, typed, asked),
        message: more.message,
      }),
    };
    return sendPage(request, reply, page);
  };

  /** The page's data, or undefined after sending away a person whom the fund no longer lets in. */
  const viewOf = async (
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<RequisitesView | undefined> => {
    const view = await showRequisites(parts, actorOf(request));
    if (!view) await sendAway(parts, request, reply);
    return view;
  };

  server.get(path, { config: { access: 'holder' } }, async (request, reply) => {
    const view = await viewOf(request, reply);
    if (!view) return reply;
    const { holderId } = actorOf(request);
    const pending = view.begun.change
      ? await parts.contacts.findPending(holderId, parts.contactRules.proofMinutes)
      : undefined;
    if (pending && (request.query as Record<string, unknown>)['edit'] === 'pending') {
      const risen = pending.revision !== view.stored.revision;
      const shown = await shownBy(parts, holderId, view, pending.revision);
      const elsewhere = changedElsewhere(view, shown, pending.entries);
      return showForm(request, reply, view, typedOf(view, pending, randomUUID()), {
        errors: await refuseTouched(parts, holderId, pending.entries),
        ...(risen ? { message: { kind: 'conflict', entries: pending.entries, elsewhere } } : {}),
      });
    }
    const draft = view.begun.draft ? await findDraft(parts, holderId) : undefined;
    const message: FormAlert | undefined = pending
      ? { kind: 'pending' }
      : draft && { kind: 'draft', until: draft.expiresAt };
    return showForm(request, reply, view, untouched(view, randomUUID()), message ? { message } : {});
  });

  const keepTyped = async (holderId: string, body: unknown): Promise<boolean> => {
    await keepDraft(parts, holderId, readTyped(readRequisitesForm(body)));
    return true;
  };

  server.post(path, { config: { access: 'holder', keepTyped, repeatable } }, async (request, reply) => {
    const sent = readRequisitesForm(request.body);
    const typed = readTyped(sent);
    const { session } = request.context;
    const proof = session?.method === 'eds' ? 'eds-session' : 'password-session';
    const result = await saveRequisites(parts, actorOf(request), typed, proof, sent['proof'] === 'eds');
    switch (result.kind) {
      case 'saved':
        parts.onSaved();
        return reply.redirect(`/receipts/${result.number}`, 303);
      case 'proof-needed':
        parts.onQueued();
        return reply.redirect(`${path}/confirm`, 303);
      case 'invalid':
        return showForm(request, reply, result.view, typed, { status: 422, errors: result.errors });
      case 'unchanged':
        return showForm(request, reply, result.view, result.typed, { message: { kind: 'unchanged' } });
      case 'form-reused':
        return showForm(request, reply, result.view, result.typed, {
          status: 409,
          message: { kind: 'form-reused' },
        });
      case 'conflict':
        return showForm(request, reply, result.view, result.typed, {
          status: 409,
          errors: result.errors,
          message: { kind: 'conflict', entries: result.entries, elsewhere: result.elsewhere },
        });
      case 'not-active':
        return sendAway(parts, request, reply);
    }
  });

  // Asked by the page's script when the session is over. Where it is not, the draft is offered on the form.
  server.post(
    `${path}/keep`,
    {
      config: { access: 'holder', backTo: path, keepTyped, duringMaintenance: true, takesEarlier: 'always' },
    },
    async (request, reply) => {
      await keepTyped(actorOf(request).holderId, request.body);
      return reply.redirect(path, 303);
    },
  );

  // Leaves at once when nothing was typed, asks when something was: with and without a script.
  server.post(
    `${path}/cancel`,
    { config: { access: 'holder', backTo: path, keepTyped, repeatable, duringMaintenance: true } },
    async (request, reply) => {
      const typed = readTyped(readRequisitesForm(request.body));
      const view = await viewOf(request, reply);
      if (!view) return reply;
      const shown = await shownBy(parts, actorOf(request).holderId, view, Number(typed.revision));
      if (!isTouched(view, typed, shown)) return reply.redirect('/services', 303);
      return showForm(request, reply, view, typed, { message: { kind: 'leave' } });
    },
  );

  // The search of the address block without a script: the same form with lines to choose from, or with the chosen one.
  server.post(
    addressSearch,
    {
      config: {
        access: 'holder',
        backTo: path,
        duringMaintenance: true,
        repeatable: [...repeatable, 'choose'],
        keepTyped: async (holderId, body) => {
          await keepDraft(parts, holderId, readSearch(body).typed);
          return true;
        },
      },
    },
    async (request, reply) => {
      const { typed, chosen } = readSearch(request.body);
      const view = await viewOf(request, reply);
      if (!view) return reply;
      if (chosen) return showForm(request, reply, view, typed);
      const taken = parts.addressLimit.take(actorOf(request).sessionHash.toString('hex'));
      if (taken.ok) return showForm(request, reply, view, typed, { search: true });
      // What was typed is not worth less because the search rests.
      reply.header('retry-after', String(taken.retryAfter));
      return showForm(request, reply, view, typed, { status: 429, message: { kind: 'search-limit' } });
    },
  );

  server.post(
    `${path}/draft`,
    { config: { access: 'holder', duringMaintenance: true } },
    async (request, reply) => {
      const { action } = readForm(request.body, { required: ['action'] });
      const { holderId } = actorOf(request);
      if (action === 'discard') {
        await parts.drafts.discard(holderId, 'requisites');
        return reply.redirect(path, 303);
      }
      if (action !== 'show') throw problem(400);
      const view = await viewOf(request, reply);
      if (!view) return reply;
      const draft = await findDraft(parts, holderId);
      if (!draft) return reply.redirect(path, 303);
      const shown = await shownBy(parts, holderId, view, Number(draft.typed.revision));
      return showForm(request, reply, view, renewed(view, draft.typed, shown), {
        message: { kind: 'draft-shown' },
      });
    },
  );

  const receiptOf = async (request: FastifyRequest): Promise<SavedChange> => {
    const { number } = request.params as { number: string };
    const change = receiptNumber.test(number)
      ? await findReceipt(parts.database, actorOf(request).holderId, number)
      : undefined;
    if (!change) throw problem(404);
    return change;
  };

  const nameOf = async (request: FastifyRequest): Promise<string | undefined> => {
    const view = await showRequisites(parts, actorOf(request));
    const person = view?.person;
    return person && displayed([person.surname, person.name, person.patronymic].filter(Boolean).join(' '));
  };

  server.get('/receipts/:number', { config: { access: 'holder' } }, async (request, reply) => {
    const change = await receiptOf(request);
    const { texts: t, language } = request.context;
    return sendPage(request, reply, {
      title: t.receipt.title,
      section: 'services',
      scripts: ['print'],
      body: ReceiptPage({ t, language, change, holder: await nameOf(request) }),
    });
  });

  server.get('/receipts/:number.pdf', { config: { access: 'holder' } }, async (request, reply) => {
    const change = await receiptOf(request);
    const { texts: t, language } = request.context;
    const printed = await printer.print(actorOf(request).sessionHash.toString('hex'), {
      language,
      cabinet: t.layout.cabinet,
      fund: t.layout.fund,
      title: t.receipt.title,
      lead: t.receipt.saved,
      number: change.number,
      madeAt: change.madeAt,
      facts: [
        { term: t.receipt.number, value: change.number },
        ...receiptFacts(t, language, change, await nameOf(request)),
      ],
      changes: { title: t.receipt.changes, words: receiptWords(t), rows: receiptRows(t, change) },
      next: { title: t.receipt.next, text: nextText(t, change) },
      footer: t.receipt.pdfFooter,
    });
    if (!printed.ok) throw problem(429, printed.retryAfter);
    return reply
      .type('application/pdf')
      .header('content-disposition', `attachment; filename="receipt-${change.number}.pdf"`)
      .send(printed.pdf);
  });

  server.get('/receipts/:number.cms', { config: { access: 'holder' } }, async (request, reply) => {
    const { number } = await receiptOf(request);
    const message = await findSignedMessage(parts.database, actorOf(request).holderId, number);
    if (!message) throw problem(404);
    return reply
      .type('application/pkcs7-mime')
      .header('content-disposition', `attachment; filename="receipt-${number}.cms"`)
      .send(message);
  });

  const showTyped = async (request: FastifyRequest, reply: FastifyReply, sent: Fields) => {
    const view = await viewOf(request, reply);
    if (!view) return reply;
    const blank = untouched(view, randomUUID());
    const typed = { ...blank, ...sent, kazpost: sent['kazpost'] === '1' };
    const { holderId } = actorOf(request);
    const pending = await parts.contacts.findPending(holderId, parts.contactRules.proofMinutes);
    return showForm(
      request,
      reply,
      view,
      uuid.test(typed.formId) ? typed : { ...typed, formId: blank.formId },
      pending ? { message: { kind: 'pending' } } : {},
    );
  };
  return new Map([
    [
      path,
      { fields: [...formFields, 'kazpost'], secret: [], forHolder: true, keep: keepTyped, show: showTyped },
    ],
  ]);
}

/** Ends all sessions of a person whom the fund no longer lets in. */
export async function sendAway(
  { endSessions }: Pick<RequisitesRoutesDeps, 'endSessions'>,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  await endSessions(actorOf(request).holderId);
  clearSecret(reply, 'session', request.context.secure);
  return reply.redirect('/sign-in?ended=closed', 303);
}

/** The signed-in holder; routes that call this are open to holders only. */
export function actorOf(request: FastifyRequest): ContactActor {
  const { session } = request.context;
  if (!session) throw problem(403);
  return {
    holderId: session.holderId,
    iin: session.iin as Iin,
    requestId: request.id,
    language: session.language,
    sessionHash: session.hash,
  };
}

function readRequisitesForm(body: unknown): Fields {
  const sent = readForm(body, { required: formFields, optional: ['kazpost', 'proof'] });
  // The button that goes on by EDS where codes are refused.
  if (sent['proof'] !== undefined && sent['proof'] !== 'eds') throw problem(400);
  return checkForm(sent);
}

/** The form as the search of the address block sent it, with the line that was chosen put in. */
function readSearch(body: unknown): { readonly typed: Typed; readonly chosen: boolean } {
  const { choose, ...sent } = readForm(body, { required: formFields, optional: ['kazpost', 'choose'] });
  const typed = readTyped(checkForm(sent));
  if (choose === undefined) return { typed, chosen: false };
  const [, postcode = '', address] = /^(\S{0,7}) (.+)$/s.exec(choose) ?? [];
  if (address === undefined) throw problem(400);
  return { typed: { ...typed, address, postcode: postcode || typed.postcode }, chosen: true };
}

/** The parts of a form that no person types must be as we made them. */
function checkForm(sent: Fields): Fields {
  const { formId = '', revision = '', kazpost } = sent;
  if (!uuid.test(formId) || !/^[0-9]{1,9}$/.test(revision) || (kazpost !== undefined && kazpost !== '1'))
    throw problem(400);
  return sent;
}

function readTyped(sent: Fields): Typed {
  const typed = Object.fromEntries(fields.map(({ name }) => [name, sent[name] ?? ''])) as Record<
    FieldName,
    string
  >;
  return {
    ...typed,
    formId: sent['formId'] ?? '',
    revision: sent['revision'] ?? '',
    document: sent['document'] ?? '',
    kazpost: sent['kazpost'] === '1',
  };
}
