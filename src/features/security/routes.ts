import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { paths, signInPath } from '../../paths.ts';
import { emptyForm, formOf, parse } from '../../platform/http/forms.ts';
import type { SendPage } from '../../platform/http/page.tsx';
import { problem } from '../../platform/http/problem.ts';
import { clearSecret, sessionOf } from '../../platform/http/request-context.ts';
import type { ContactSettings } from '../contact-change/settings.ts';
import { lockCabinet } from '../disavowal/lock.ts';
import { listSwitchedOff } from '../reminders/store.ts';
import { readStepStanding } from '../second-step/store.ts';
import { LockPage } from './lock-page.tsx';
import { type SecurityDone, SecurityPage } from './pages.tsx';
import {
  browserName,
  distrust,
  endOthers,
  endSession,
  type HolderSessionsDeps,
  sessionName,
} from './sessions.ts';
import { listLatestEvents, listSessions, listTrusted, readSecurityStanding } from './store.ts';

export interface SecurityRoutesDeps extends HolderSessionsDeps {
  readonly sendPage: SendPage;
  readonly contactSettings: ContactSettings;
  /** Called when notices may wait in the outbox. */
  readonly onQueued: () => void;
}

const eventsShown = 5;
const doneValues = [
  'changed',
  'ended',
  'othersEnded',
  'factors',
  'trustEnded',
  'reminded',
] as const satisfies readonly SecurityDone[];
const endForm = formOf({ session: z.string() });
const trustForm = formOf({ browser: z.string() });
const securityQuery = z.object({ done: z.enum(doneValues).optional().catch(undefined) });

/**
 * `/security`: the ways to sign in, the holder's open sessions, their latest events, and the lock.
 */
export function securityRoutes(server: FastifyInstance, deps: SecurityRoutesDeps): void {
  const holder = { access: 'holder', wish: 'protect', duringMaintenance: true } as const;
  server.get(paths.security, { config: { access: 'holder' } }, (request, reply) =>
    showSecurity(deps, request, reply),
  );
  server.post(paths.endSession, { config: holder }, (request, reply) => postEndSession(deps, request, reply));
  server.post(paths.endOtherSessions, { config: holder }, (request, reply) =>
    postEndOthers(deps, request, reply),
  );
  server.post(paths.endTrust, { config: holder }, (request, reply) => postEndTrust(deps, request, reply));
  server.get(paths.lockCabinet, { config: { access: 'holder' } }, (request, reply) =>
    showLock(deps, request, reply),
  );
  server.post(paths.lockCabinet, { config: holder }, (request, reply) => postLock(deps, request, reply));
}

function securityPath(done: SecurityDone): string {
  return `${paths.security}?done=${done}`;
}

async function showSecurity(
  { database, keys, sessionSettings, contactSettings, sendPage }: SecurityRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { context } = request;
  const { holderId, hash: own } = sessionOf(request);
  const { done } = parse(securityQuery, request.query);
  const standing = await readSecurityStanding(database, holderId, contactSettings.waitHours);
  const sessions = await listSessions(database, holderId, sessionSettings);
  const events = await listLatestEvents(database, holderId, eventsShown);
  const { waitHours } = contactSettings;
  const steps = await readStepStanding(database, holderId, { marks: [], waitHours });
  const trusted = await listTrusted(database, holderId);
  const switchedOff = await listSwitchedOff(database, holderId);
  return sendPage(request, reply, {
    title: context.texts.security.title,
    section: 'security',
    body: SecurityPage({
      t: context.texts,
      language: context.language,
      csrf: context.csrf(),
      standing,
      steps,
      trusted: trusted.map((browser) => ({ ...browser, name: browserName(keys, browser) })),
      switchedOff,
      restricted: sessionOf(request).restricted !== null,
      sessions: sessions.map((session) => ({
        ...session,
        name: sessionName(keys, session),
        isCurrent: session.hash.equals(own),
      })),
      events,
      done,
    }),
  });
}

async function postEndSession(
  deps: SecurityRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { session: name } = parse(endForm, request.body);
  const { holderId } = sessionOf(request);
  if (!(await endSession(deps, { holderId, requestId: request.id }, name))) throw problem(404);
  return reply.redirect(securityPath('ended'), 303);
}

async function postEndTrust(
  deps: SecurityRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { browser: name } = parse(trustForm, request.body);
  const { holderId } = sessionOf(request);
  if (!(await distrust(deps, { holderId, requestId: request.id }, name))) throw problem(404);
  return reply.redirect(securityPath('trustEnded'), 303);
}

async function postEndOthers(
  { database }: SecurityRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  parse(emptyForm, request.body);
  const { holderId, hash } = sessionOf(request);
  await endOthers(database, { holderId, hash, requestId: request.id });
  return reply.redirect(securityPath('othersEnded'), 303);
}

async function showLock(
  { database, contactSettings, sendPage }: SecurityRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { texts: t, csrf } = request.context;
  const { lastEds } = await readSecurityStanding(
    database,
    sessionOf(request).holderId,
    contactSettings.waitHours,
  );
  return sendPage(request, reply, {
    title: t.lock.title,
    section: 'security',
    body: LockPage({ t, csrf: csrf(), hasUsedEds: lastEds !== null }),
  });
}

async function postLock(
  { database, onQueued }: SecurityRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  parse(emptyForm, request.body);
  await lockCabinet(database, { holderId: sessionOf(request).holderId, requestId: request.id });
  onQueued();
  clearSecret(reply, 'session', request.context.secure);
  return reply.header('clear-site-data', '"cache"').redirect(signInPath({ ended: 'locked' }), 303);
}
