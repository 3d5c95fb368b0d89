import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { paths } from '../../paths.ts';
import { actorOf } from '../../platform/http/actor.ts';
import { formOf, parse } from '../../platform/http/forms.ts';
import { noteOutcome } from '../../platform/http/outcome.ts';
import type { SendPage } from '../../platform/http/page.tsx';
import { sessionOf } from '../../platform/http/request-context.ts';
import type { Database } from '../../platform/postgres/database.ts';
import type { PasswordHasher } from '../passwords/hasher.ts';
import { readStrongSteps } from '../second-step/store.ts';
import { BackupCodesPage, type BackupCodesPageProps, NewCodesPage } from './pages.tsx';
import { renewBackupCodes } from './renew.ts';
import { readCodeSet } from './store.ts';

export interface BackupCodeRoutesDeps {
  readonly database: Database;
  readonly hasher: PasswordHasher;
  readonly sendPage: SendPage;
  /** Called when notices may wait in the outbox. */
  readonly onQueued: () => void;
}

const busySeconds = 5;

const codesQuery = z.object({ done: z.literal('authenticator').optional().catch(undefined) });
const codesForm = formOf({ since: z.string() });

/** `/security/backup-codes`: codes on paper, for when the app or the passkey is out of reach. */
export function backupCodeRoutes(server: FastifyInstance, deps: BackupCodeRoutesDeps): void {
  const config = { access: 'holder', wish: 'manage-factors' } as const;
  server.get(paths.backupCodes, { config }, (request, reply) => showBackupCodes(deps, request, reply));
  server.post(paths.backupCodes, { config }, (request, reply) => postBackupCodes(deps, request, reply));
}

function showBackupCodes(
  deps: BackupCodeRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { done } = parse(codesQuery, request.query);
  return sendBackupCodes(deps, request, reply, { appAdded: done === 'authenticator' });
}

/** Answers with the codes themselves: nothing that could show them again is kept. */
async function postBackupCodes(
  deps: BackupCodeRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { since } = parse(codesForm, request.body);
  const { texts: t } = request.context;
  const renewed = await noteOutcome(
    request,
    'factor',
    () => renewBackupCodes(deps, actorOf(request), since),
    (one) => (one.ok ? 'backup-codes' : one.reason),
  );
  if (renewed.ok) {
    deps.onQueued();
    return deps.sendPage(request, reply, {
      title: t.backupCodes.title,
      section: 'security',
      scripts: ['print'],
      styles: ['codes'],
      body: NewCodesPage({ t, codes: renewed.value }),
    });
  }
  switch (renewed.reason) {
    case 'busy':
      reply.header('retry-after', String(busySeconds));
      return sendBackupCodes(deps, request, reply, { status: 503, trouble: t.signIn.busy });
    case 'noStrongStep':
      return sendBackupCodes(deps, request, reply, { status: 422 });
    case 'changed':
      return sendBackupCodes(deps, request, reply, { status: 409, trouble: t.backupCodes.changed });
  }
}

async function sendBackupCodes(
  { database, sendPage }: BackupCodeRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  { status = 200, ...props }: Partial<BackupCodesPageProps> & { readonly status?: number },
): Promise<FastifyReply> {
  const { texts: t, csrf } = request.context;
  const { holderId } = sessionOf(request);
  const set = await readCodeSet(database, holderId);
  const { count } = await readStrongSteps(database, holderId);
  return sendPage(request, reply, {
    title: t.backupCodes.title,
    section: 'security',
    status,
    hasErrors: status >= 400,
    path: paths.backupCodes,
    body: BackupCodesPage({ t, csrf: csrf(), set, offered: count > 0, ...props }),
  });
}
