import { randomUUID } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { paths, receiptPath } from '../../paths.ts';
import { actorOf, sendAway } from '../../platform/http/actor.ts';
import { redirectDone } from '../../platform/http/done-mark.ts';
import { type Fields, formIdText, formOf, parse } from '../../platform/http/forms.ts';
import type { TypedPage } from '../../platform/http/language.ts';
import { noteOutcome } from '../../platform/http/outcome.ts';
import type { SendPage } from '../../platform/http/page.tsx';
import { findPendingChange } from '../contact-change/store.ts';
import type { SessionSettings } from '../sign-in/settings.ts';
import { type AddressHelp, helpWithAddress } from './address-help.ts';
import type { FieldErrors } from './check.ts';
import { type DraftDeps, discardDraft, findDraft, keepDraft } from './draft.ts';
import { eachField } from './fields/fields.ts';
import {
  changedElsewhere,
  isTouched,
  pendingAsTyped,
  renewed,
  shownBy,
  type Typed,
  untouched,
} from './form.ts';
import type { FormAlert } from './form-alert.tsx';
import { holderName } from './holder-name.ts';
import { RequisitesPage } from './page.tsx';
import { receiptOfEarlier, refuseTouched, type SaveDeps, saveRequisites } from './save.ts';
import { servicesRoutes } from './services-routes.ts';
import { type RequisitesView, viewRequisites } from './view.ts';

export interface RequisitesRoutesDeps extends SaveDeps, DraftDeps {
  readonly sendPage: SendPage;
  /** How often one session may ask for suggestions. */
  readonly addressLimit: { take(session: string): { ok: true } | { ok: false; retryAfter: number } };
  readonly sessionSettings: SessionSettings;
  /** Ends all sessions of a person whom the fund no longer allows in. */
  readonly endSessions: (holderId: string) => Promise<unknown>;
  /** Called when a change waits for the fund. */
  readonly onSaved: () => void;
  /** Called when messages wait in the outbox. */
  readonly onQueued: () => void;
}

const typedShape = {
  ...eachField(() => z.string()),
  formId: formIdText,
  revision: z.string().regex(/^[0-9]{1,9}$/),
  document: z.string(),
  kazpost: z.literal('1').optional(),
};
/** Sent by the button that continues by EDS when codes are refused. */
const sentForm = formOf({ ...typedShape, proof: z.literal('eds').optional() });
/** An offered line as its button sends it: the postcode, if there is one, and the address. */
const offeredLine = /^(\S{0,7}) (.+)$/s;
const searchForm = formOf({ ...typedShape, choose: z.string().regex(offeredLine).optional() });
const draftForm = formOf({ action: z.enum(['show', 'discard']) });

const typedFields = Object.keys(typedShape);
const repeatable = [...typedFields, 'proof'];
const none: FieldErrors = new Map();

/** The list of services, and the form of the requisites. */
export function requisitesRoutes(
  server: FastifyInstance,
  deps: RequisitesRoutesDeps,
): ReadonlyMap<string, TypedPage> {
  const keepTyped = async (holderId: string, body: unknown): Promise<boolean> => {
    await keepDraft(deps, holderId, readTyped(parse(sentForm, body)));
    return true;
  };
  const keepSearch = async (holderId: string, body: unknown): Promise<boolean> => {
    await keepDraft(deps, holderId, readSearch(body).typed);
    return true;
  };
  const doneBefore = (holderId: string, body: unknown) =>
    receiptOfEarlier(deps, holderId, readTyped(parse(sentForm, body)));
  const holder = { access: 'holder' } as const;
  const ofForm = { ...holder, backTo: paths.requisites, duringMaintenance: true } as const;

  servicesRoutes(server, deps);
  server.get(paths.requisites, { config: holder }, (request, reply) => showForm(deps, request, reply));
  server.post(
    paths.requisites,
    { config: { ...holder, keepTyped, repeatable, doneBefore } },
    (request, reply) => postForm(deps, request, reply),
  );
  server.post(
    paths.keepRequisites,
    { config: { ...ofForm, keepTyped, takesEarlier: 'always' } },
    async (request, reply) => {
      // Sent by the page's script at the end of a session. Before it, the form offers the draft.
      await keepTyped(actorOf(request).holderId, request.body);
      return reply.redirect(paths.requisites, 303);
    },
  );
  server.post(paths.cancelRequisites, { config: { ...ofForm, keepTyped, repeatable } }, (request, reply) =>
    postCancel(deps, request, reply),
  );
  server.post(
    paths.searchAddresses,
    { config: { ...ofForm, repeatable: [...typedFields, 'choose', 'proof'], keepTyped: keepSearch } },
    (request, reply) => postSearch(deps, request, reply),
  );
  server.post(paths.requisitesDraft, { config: { ...holder, duringMaintenance: true } }, (request, reply) =>
    postDraft(deps, request, reply),
  );
  return new Map([
    [
      paths.requisites,
      {
        fields: typedFields,
        secret: [],
        forHolder: true,
        keep: keepTyped,
        show: (request, reply, sent) => showTyped(deps, request, reply, sent),
      },
    ],
  ]);
}

/** What a shown form has in addition to what was typed. */
interface Around {
  readonly status?: number;
  readonly errors?: FieldErrors;
  readonly message?: FormAlert;
  /** True when lines for the address were requested. */
  readonly search?: boolean;
}

async function sendForm(
  deps: RequisitesRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  view: RequisitesView,
  typed: Typed,
  { status = 200, errors = none, message, search = false }: Around = {},
): Promise<FastifyReply> {
  const { texts: t, language, csrf, session } = request.context;
  const help: AddressHelp = await helpWithAddress(deps, view, typed, search ? { language } : undefined);
  return deps.sendPage(request, reply, {
    title: t.requisites.heading,
    section: 'services',
    hasForm: true,
    path: paths.requisites,
    scripts: ['unsaved', 'address-suggest'],
    status,
    hasErrors: errors.size > 0,
    body: RequisitesPage({
      t,
      language,
      csrf: csrf(),
      view,
      who: { name: holderName(view.person) ?? session?.shortName ?? '', iin: actorOf(request).iin },
      typed,
      errors,
      maySign: session?.method === 'eds',
      help,
      message,
    }),
  });
}

/** The page's data. Undefined after a redirect of a person whom the fund no longer allows in. */
async function viewOf(
  deps: RequisitesRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<RequisitesView | undefined> {
  const view = await viewRequisites(deps, actorOf(request));
  if (!view) await sendAway(deps, request, reply);
  return view;
}

const formQuery = z.object({ edit: z.literal('pending').optional().catch(undefined) });

async function showForm(
  deps: RequisitesRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const view = await viewOf(deps, request, reply);
  if (!view) return reply;
  const { holderId } = actorOf(request);
  const { database, contactSettings } = deps;
  const pending = view.begun.change
    ? await findPendingChange(database, holderId, contactSettings.proofMinutes)
    : undefined;
  if (pending && parse(formQuery, request.query).edit === 'pending') {
    const risen = pending.revision !== view.stored.revision;
    const elsewhere = changedElsewhere(
      view,
      await shownBy(deps, holderId, view, pending.revision),
      pending.entries,
    );
    return sendForm(deps, request, reply, view, pendingAsTyped(view, pending, randomUUID()), {
      errors: await refuseTouched(deps, holderId, pending.entries),
      ...(risen ? { message: { kind: 'conflict', entries: pending.entries, elsewhere } } : {}),
    });
  }
  const draft = view.begun.draft ? await findDraft(deps, holderId) : undefined;
  const message: FormAlert | undefined = pending
    ? { kind: 'pending' }
    : draft && { kind: 'draft', until: draft.expiresAt };
  const blank = untouched(view, randomUUID());
  return sendForm(deps, request, reply, view, blank, message ? { message } : {});
}

/** Saves what the form sent. */
async function saveSent(deps: RequisitesRoutesDeps, request: FastifyRequest) {
  const sent = parse(sentForm, request.body);
  const typed = readTyped(sent);
  const { session } = request.context;
  const result = await saveRequisites(deps, actorOf(request), {
    typed,
    proof: session?.method === 'eds' ? 'eds-session' : 'password-session',
    byEds: sent.proof === 'eds',
  });
  return { typed, result };
}

async function postForm(
  deps: RequisitesRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { typed, result } = await noteOutcome(
    request,
    'save',
    () => saveSent(deps, request),
    (saved) => saved.result.kind,
  );
  switch (result.kind) {
    case 'saved':
      deps.onSaved();
      return redirectDone(deps.keys, request, reply, receiptPath(result.number));
    case 'proof-needed':
      deps.onQueued();
      return reply.redirect(paths.confirmChange, 303);
    case 'invalid':
      return sendForm(deps, request, reply, result.view, typed, { status: 422, errors: result.errors });
    case 'unchanged':
      return sendForm(deps, request, reply, result.view, result.typed, { message: { kind: 'unchanged' } });
    case 'form-reused':
      return sendForm(deps, request, reply, result.view, result.typed, {
        status: 409,
        message: { kind: 'form-reused' },
      });
    case 'conflict':
      return sendForm(deps, request, reply, result.view, result.typed, {
        status: 409,
        errors: result.errors,
        message: { kind: 'conflict', entries: result.entries, elsewhere: result.elsewhere },
      });
    case 'not-active':
      return sendAway(deps, request, reply);
  }
}

/** Leaves at once when nothing was typed, otherwise asks first. Works with and without a script. */
async function postCancel(
  deps: RequisitesRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const typed = readTyped(parse(sentForm, request.body));
  const view = await viewOf(deps, request, reply);
  if (!view) return reply;
  const shown = await shownBy(deps, actorOf(request).holderId, view, Number(typed.revision));
  if (!isTouched(view, typed, shown)) return reply.redirect(paths.services, 303);
  return sendForm(deps, request, reply, view, typed, { message: { kind: 'leave' } });
}

/**
 * The search of the address block without a script. Shows the same form with lines to choose from,
 * or with the chosen one.
 */
async function postSearch(
  deps: RequisitesRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { typed, chosen } = readSearch(request.body);
  const view = await viewOf(deps, request, reply);
  if (!view) return reply;
  if (chosen) return sendForm(deps, request, reply, view, typed);
  const taken = deps.addressLimit.take(actorOf(request).sessionHash.toString('hex'));
  if (taken.ok) return sendForm(deps, request, reply, view, typed, { search: true });
  // The search limit must not discard what was typed.
  reply.header('retry-after', String(taken.retryAfter));
  return sendForm(deps, request, reply, view, typed, { status: 429, message: { kind: 'search-limit' } });
}

async function postDraft(
  deps: RequisitesRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { action } = parse(draftForm, request.body);
  const { holderId } = actorOf(request);
  if (action === 'discard') {
    await discardDraft(deps, holderId);
    return reply.redirect(paths.requisites, 303);
  }
  const view = await viewOf(deps, request, reply);
  if (!view) return reply;
  const draft = await findDraft(deps, holderId);
  if (!draft) return reply.redirect(paths.requisites, 303);
  const shown = await shownBy(deps, holderId, view, Number(draft.typed.revision));
  return sendForm(deps, request, reply, view, renewed(view, draft.typed, shown), {
    message: { kind: 'draft-shown' },
  });
}

/**
 * Shows the form again with what was typed, after a change of the language or when the form was out
 * of date.
 */
async function showTyped(
  deps: RequisitesRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  sent: Fields,
): Promise<FastifyReply> {
  const view = await viewOf(deps, request, reply);
  if (!view) return reply;
  const blank = untouched(view, randomUUID());
  const typed = { ...blank, ...sent, kazpost: sent['kazpost'] === '1' };
  const formId = formIdText.safeParse(typed.formId).success ? typed.formId : blank.formId;
  const { database, contactSettings } = deps;
  const { holderId } = actorOf(request);
  const pending = await findPendingChange(database, holderId, contactSettings.proofMinutes);
  const around: Around = pending ? { message: { kind: 'pending' } } : {};
  return sendForm(deps, request, reply, view, { ...typed, formId }, around);
}

function readTyped(sent: z.output<ReturnType<typeof formOf<typeof typedShape>>>): Typed {
  const { formId, revision, document, kazpost } = sent;
  return { ...eachField(({ name }) => sent[name]), formId, revision, document, kazpost: kazpost === '1' };
}

/** Reads the form as the search of the address block sent it, and inserts the chosen line. */
function readSearch(body: unknown): { readonly typed: Typed; readonly chosen: boolean } {
  const { choose, ...sent } = parse(searchForm, body);
  const typed = readTyped(sent);
  if (choose === undefined) return { typed, chosen: false };
  const [, postcode = '', address = ''] = offeredLine.exec(choose) ?? [];
  return { typed: { ...typed, address, postcode: postcode || typed.postcode }, chosen: true };
}
