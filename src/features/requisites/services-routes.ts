import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { FundUnavailable } from '../../fund/errors.ts';
import { paths } from '../../paths.ts';
import { actorOf, sendAway } from '../../platform/http/actor.ts';
import { formOf, parse } from '../../platform/http/forms.ts';
import type { SendPage } from '../../platform/http/page.tsx';
import { problem } from '../../platform/http/problem.ts';
import type { Queryable } from '../../platform/postgres/database.ts';
import { findPendingChange } from '../contact-change/store.ts';
import { confirmContacts } from '../reachability/confirm.ts';
import { noteAsked } from '../reachability/store.ts';
import { followEnds } from '../reminders/follow-ends.ts';
import { readStepAdvice, type StepAdvice } from '../second-step/store.ts';
import type { SessionSettings } from '../sign-in/settings.ts';
import { readingOf } from './common-routes.ts';
import { type DraftDeps, findDraft } from './draft.ts';
import { type HomeNotes, readHomeNotes } from './home-store.ts';
import type { SaveDeps } from './save.ts';
import { ServicesPage } from './services-page.tsx';
import { readOfSession, type SessionReading } from './store.ts';
import { viewRequisites } from './view.ts';

export interface ServicesRoutesDeps extends SaveDeps, DraftDeps {
  readonly sendPage: SendPage;
  readonly sessionSettings: SessionSettings;
  /** Ends all sessions of a person whom the fund no longer allows in. */
  readonly endSessions: (holderId: string) => Promise<unknown>;
}

/** `/services`: the home of the cabinet, and the first page after sign-in. */
export function servicesRoutes(server: FastifyInstance, deps: ServicesRoutesDeps): void {
  server.get(
    paths.services,
    {
      config: {
        access: 'holder',
        readWithSession: (connection, hash) => readHome(deps, connection, hash),
      },
    },
    (request, reply) => showServices(deps, request, reply),
  );
  server.post(
    paths.confirmContacts,
    { config: { access: 'holder', backTo: paths.services } },
    (request, reply) => postConfirmContacts(deps, request, reply),
  );
}

/** What the home shows, as far as it is read with the session. */
interface HomeReading extends SessionReading {
  readonly advice: StepAdvice | undefined;
  readonly notes: HomeNotes | undefined;
}

async function readHome(
  { fund }: ServicesRoutesDeps,
  connection: Queryable,
  hash: Buffer,
): Promise<HomeReading> {
  const [reading, advice, notes] = await Promise.all([
    readOfSession(connection, fund, hash),
    readStepAdvice(connection, hash),
    readHomeNotes(connection, hash),
  ]);
  return { ...reading, advice, notes };
}

const mark = z.literal('1').optional().catch(undefined);
const servicesQuery = z.object({ replaced: mark, confirmed: mark });
const confirmForm = formOf({ revision: z.string().regex(/^[0-9]{1,9}$/) });

async function showServices(
  deps: ServicesRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { context } = request;
  const { texts: t, language, session } = context;
  if (!session) throw problem(403);
  const actor = actorOf(request);
  const { replaced, confirmed } = parse(servicesQuery, request.query);
  const reading = readingOf<HomeReading>(request);
  const view = await viewRequisites(deps, actor, reading).catch((error: unknown) => {
    // The home can do without the fund, which gives the name and a first copy of the requisites.
    if (error instanceof FundUnavailable) return 'unavailable' as const;
    throw error;
  });
  if (!view) return sendAway(deps, request, reply);
  const begun = view === 'unavailable' ? { change: false, draft: false } : view.begun;
  const { database, contactSettings } = deps;
  const pending = begun.change
    ? await findPendingChange(database, actor.holderId, contactSettings.proofMinutes)
    : undefined;
  const notes = reading?.notes;
  const known = view === 'unavailable' ? undefined : view;
  const ends = known
    ? await followEnds(database, actor.holderId, { person: known.person, today: known.stored.today }, notes)
    : { keyEnds: notes?.keyEnds ?? undefined, documentEnds: undefined };
  const draft = begun.draft ? await findDraft(deps, actor.holderId) : undefined;
  const asked = known && notes?.due && (await noteAsked(database, actor.sessionHash)) ? notes : undefined;
  return deps.sendPage(request, reply, {
    title: t.services.title,
    section: 'services',
    body: ServicesPage({
      t,
      language,
      iin: session.iin,
      shortName: session.shortName,
      view: known,
      ends,
      marks: asked?.marks,
      confirmedAt: notes?.confirmedAt ?? undefined,
      justConfirmed: confirmed !== undefined,
      csrf: context.csrf(),
      restricted: session.restricted !== null,
      advice: session.restricted === null ? reading?.advice : undefined,
      pending: pending !== undefined,
      draftUntil: draft?.expiresAt,
      oldestEnded: replaced === undefined ? undefined : deps.sessionSettings.perPerson,
    }),
  });
}

/** A word about what has changed since is worth nothing, so the home shows it as it is now. */
async function postConfirmContacts(
  { database }: ServicesRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { revision } = parse(confirmForm, request.body);
  const isDone = await confirmContacts(database, actorOf(request), Number(revision));
  return reply.redirect(isDone ? `${paths.services}?confirmed=1` : paths.services, 303);
}
