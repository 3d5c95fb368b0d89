import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { withoutValues } from '../loggable.ts';
import type { MaintenanceState } from '../maintenance.ts';
import { DatabaseAway, isOutage, Overloaded, UnderMaintenance } from '../outage.ts';
import { SessionGone } from '../session.ts';
import { sendToSignIn } from './access.ts';
import { withoutTrailingSlash } from './broken-request.ts';
import { retrySoon, type SendOutage } from './outage.tsx';
import { asProblem, Problem, problem } from './problem.ts';
import type { RequestContext } from './request-context.ts';
import { isUnsafe } from './route-config.ts';

/** Answers a request that cannot be served with a page that explains why. */
export type SendProblem = (request: FastifyRequest, reply: FastifyReply, problem: Problem) => FastifyReply;

export interface ErrorDeps {
  readonly problemPage: SendProblem;
  /** Answers a request that cannot be served at the moment. */
  readonly outagePage: SendOutage;
  readonly maintenance: { state(): MaintenanceState; refresh(): Promise<void> };
}

/** Answers unknown addresses and thrown errors with a page. */
export function handleErrors(server: FastifyInstance, deps: ErrorDeps): void {
  server.setNotFoundHandler((request, reply) => {
    const without = isUnsafe(request) ? undefined : withoutTrailingSlash(request.url);
    return without === undefined
      ? deps.problemPage(request, reply, problem(404))
      : reply.redirect(without, 308);
  });

  server.setErrorHandler(async (error: Error & { statusCode?: number }, request, reply) => {
    const instead = answerInstead(error, request, reply);
    if (instead) return instead;
    if (isOutage(error) && (request.context as RequestContext | undefined)) {
      if (error instanceof DatabaseAway) request.log.warn('the database is away');
      return answerOutage(deps, error, request, reply).catch((further: Error) =>
        isOutage(further) ? deps.outagePage(request, reply, { kind: 'away' }) : Promise.reject(further),
      );
    }
    // The session ended during this request, which changed nothing.
    if (error instanceof SessionGone) return sendToSignIn(request, reply, false);
    const known = asProblem(error);
    if (known.statusCode >= 500 && !(error instanceof Problem))
      request.log.error(withoutValues(error), 'a request failed');
    // Set for a range beyond the end of a file: the file's length.
    const range = (error as { headers?: Record<string, string> }).headers?.['Content-Range'];
    if (range !== undefined) reply.header('content-range', range);
    return deps.problemPage(request, reply, known);
  });
}

/**
 * The page of its own that this one has for when it cannot be shown, with the reason in the log.
 */
function answerInstead(
  error: Error & { statusCode?: number },
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply | undefined {
  if (isUnsafe(request) || !(request.context as RequestContext | undefined)) return undefined;
  const gone = error instanceof SessionGone;
  if (!gone && !isOutage(error) && asProblem(error).statusCode < 500) return undefined;
  const { whenNotShown } = request.routeOptions.config;
  const answer = whenNotShown?.(request, reply, gone ? 'no session' : 'outage');
  if (answer && !gone && !isOutage(error)) request.log.error(withoutValues(error), 'a request failed');
  return answer;
}

async function answerOutage(
  { outagePage, maintenance }: ErrorDeps,
  error: Error,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { json, keepTyped } = request.routeOptions.config;
  if (json) return reply.code(503).header('retry-after', String(retrySoon())).send({ error: 'outage' });
  if (!(error instanceof UnderMaintenance))
    return outagePage(request, reply, { kind: error instanceof Overloaded ? 'busy' : 'away' });
  // The database has a maintenance window that this process has not read yet. The page needs its
  // end.
  if (maintenance.state().kind !== 'open') await maintenance.refresh();
  const state = maintenance.state();
  const holder = request.context.session?.holderId;
  const kept = holder !== undefined && ((await keepTyped?.(holder, request.body)) ?? false);
  const window = state.kind === 'open' ? state : undefined;
  return outagePage(request, reply, { kind: 'maintenance', window, kept });
}
