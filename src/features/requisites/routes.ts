import { randomUUID } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { paths } from '../../paths.ts';
import { actorOf } from '../../platform/http/actor.ts';
import { type Fields, formIdText, formOf, parse } from '../../platform/http/forms.ts';
import type { TypedPage } from '../../platform/http/language.ts';
import { readingDeps } from '../../platform/http/reading-deps.ts';
import { findPendingChange } from '../contact-change/store.ts';
import {
  type Around,
  type RequisitesRoutesDeps,
  readTyped,
  sendForm,
  sentForm,
  typedShape,
  viewOf,
} from './common-routes.ts';
import { discardDraft, findDraft, keepDraft } from './draft.ts';
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
import { receiptOfEarlier, refuseTouched } from './save.ts';
import { postForm, readSent } from './save-routes.ts';
import { servicesRoutes } from './services-routes.ts';
import { readOfSession } from './store.ts';

/** An offered line as its button sends it: the postcode, if there is one, and the address. */
const offeredLine = /^(\S{0,7}) (.+)$/s;
const searchForm = formOf({ ...typedShape, choose: z.string().regex(offeredLine).optional() });
const draftForm = formOf({ action: z.enum(['show', 'discard']) });

const typedFields = Object.keys(typedShape);
const repeatable = [...typedFields, 'proof'];

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
  server.get(
    paths.requisites,
    {
      config: {
        ...holder,
        readsStandby: true,
        readWithSession: (connection, hash) => readOfSession(connection, deps.fund, hash),
      },
    },
    (request, reply) => showForm(readingDeps(deps, request), request, reply),
  );
  server.post(
    paths.requisites,
    {
      config: {
        ...holder,
        keepTyped,
        repeatable,
        doneBefore,
        readWithSession: (connection, hash, body) => readSent(deps, connection, hash, body),
      },
    },
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

const formQuery = z.object({ edit: z.literal('pending').optional().catch(undefined) });

async function showForm(
  deps: RequisitesRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const view = await viewOf(deps, request, reply);
  if (!view) return reply;
  if (request.context.standby) return sendForm(deps, request, reply, view, untouched(view, randomUUID()));
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

/** Reads the form as the search of the address block sent it, and inserts the chosen line. */
function readSearch(body: unknown): { readonly typed: Typed; readonly chosen: boolean } {
  const { choose, ...sent } = parse(searchForm, body);
  const typed = readTyped(sent);
  if (choose === undefined) return { typed, chosen: false };
  const [, postcode = '', address = ''] = offeredLine.exec(choose) ?? [];
  return { typed: { ...typed, address, postcode: postcode || typed.postcode }, chosen: true };
}
