import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Keys } from '../keys.ts';
import { Overloaded } from '../outage.ts';
import type { Queryable } from '../postgres/database.ts';
import type { StandbyReading } from '../postgres/standby.ts';
import type { SessionReader, StandbySessions } from '../session.ts';
import type { AdmissionControl } from './admission.ts';
import { headerProblem } from './broken-request.ts';
import { transportSecurity } from './headers.ts';
import { problem } from './problem.ts';
import { hasSession, isSecure, readRequestContext } from './request-context.ts';
import { isUnsafe } from './route-config.ts';
import type { HttpSettings } from './settings.ts';
import type { SendWaiting } from './waiting-page.tsx';

export interface EntryDeps {
  readonly settings: HttpSettings;
  readonly keys: Keys;
  readonly sessions: SessionReader;
  /** Undefined where no standby is read while the leader is away. */
  readonly standbySessions?: StandbySessions<StandbyReading> | undefined;
  readonly admission: AdmissionControl;
  readonly waitingPage: SendWaiting;
}

/** Admits requests: gives each a place and reads its context. */
export function addEntryHooks(server: FastifyInstance, deps: EntryDeps): void {
  server.addHook('onRequest', async (request, reply) => {
    const wrong = headerProblem(request);
    if (wrong === 400) throw problem(400);
    const { access, manyCookies } = request.routeOptions.config;
    if (access === 'machine') return;
    reply.header('cache-control', 'no-store');
    if (isSecure(request, deps.settings)) reply.header('strict-transport-security', transportSecurity);
    if (wrong === undefined || manyCookies)
      return isUnsafe(request) ? undefined : enter(deps, request, reply);
    // The page has a form, and a form's token depends on who is signed in.
    await enter(deps, request, reply);
    if (reply.sent) return reply;
    throw problem(wrong);
  });

  // A form takes its place only when all of it has arrived: a form that is sent byte by byte would
  // hold a place as long as its sender likes.
  server.addHook('preValidation', async (request, reply) => {
    if (request.routeOptions.config.access !== 'machine' && isUnsafe(request))
      await enter(deps, request, reply);
  });
}

/** Gives a request its place and finds out who sent it. */
async function enter(
  { settings, keys, sessions, standbySessions, admission, waitingPage }: EntryDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<unknown> {
  const { json, passive, whenNotShown, readWithSession, readsStandby } = request.routeOptions.config;
  const begun = isUnsafe(request) || hasSession(request, settings);
  const leave = admission.admit(begun);
  if (leave) reply.raw.once('close', leave);
  else if (!isUnsafe(request) && !json && !whenNotShown) return waitingPage(request, reply);
  request.context = await readRequestContext(request, reply, {
    keys,
    sessions: leave ? sessions : nobodyLooks,
    settings,
    standby: leave && readsStandby && !isUnsafe(request) ? standbySessions : undefined,
    active: !passive,
    also:
      readWithSession && ((connection, hash) => readWithSession(connection as Queryable, hash, request.body)),
  });
  // Read the form before turning it away: its page can then keep what was typed.
  if (!leave) request.context = { ...request.context, outage: new Overloaded('the process is full') };
  return undefined;
}

/** Used for a request that is turned away: it must not cost the database anything. */
const nobodyLooks: SessionReader = {
  read: () => Promise.reject(new Overloaded('the process is full')),
  former: () => Promise.reject(new Overloaded('the process is full')),
};
