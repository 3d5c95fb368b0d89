import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { paths, withQuery } from '../../paths.ts';
import { actorOf } from '../../platform/http/actor.ts';
import { emptyForm, formOf, parse } from '../../platform/http/forms.ts';
import type { SendPage } from '../../platform/http/page.tsx';
import { problem } from '../../platform/http/problem.ts';
import { sessionOf } from '../../platform/http/request-context.ts';
import type { ContactSettings } from '../contact-change/settings.ts';
import { deviceName } from '../sign-in/session-names.ts';
import { addPasskey, askForNewPasskey, mostPasskeys } from './add-passkey.ts';
import type { PasskeyAsked } from './challenge.ts';
import type { PasskeyDeps } from './check-assertion.ts';
import { PasskeysPage, type PasskeysPageProps } from './pages.tsx';
import { passkeyName } from './passkey-name.ts';
import { removePasskey } from './remove-passkey.ts';
import { passkeySiteOf } from './site.ts';
import { listPasskeys, writePasskeyName } from './store.ts';

export interface PasskeyRoutesDeps extends PasskeyDeps {
  readonly sendPage: SendPage;
  readonly contactSettings: ContactSettings;
  /** The origin that the person sees. Passkeys are bound to it. */
  readonly siteOf: (request: FastifyRequest) => string;
  /** Called when notices may wait in the outbox. */
  readonly onQueued: () => void;
}

const doneValues = ['added', 'renamed', 'removed'] as const;
const passkeysQuery = z.object({ done: z.enum(doneValues).optional().catch(undefined) });
const addForm = formOf({ answer: z.string(), name: z.string() });
const credentialId = z.string().regex(/^[\w-]{1,1400}$/);
const renameForm = formOf({ passkey: credentialId, name: z.string() });
const removeForm = formOf({ passkey: credentialId });

/** `/security/passkeys`: the holder's passkeys, added, named and removed. */
export function passkeyRoutes(server: FastifyInstance, deps: PasskeyRoutesDeps): void {
  const config = { access: 'holder', wish: 'manage-factors', backTo: paths.passkeys } as const;
  server.get(paths.passkeys, { config }, (request, reply) => sendPasskeys(deps, request, reply));
  server.post(paths.passkeyChallenge, { config: { ...config, json: true } }, (request, reply) =>
    postNewChallenge(deps, request, reply),
  );
  server.post(paths.addPasskey, { config }, (request, reply) => postAdd(deps, request, reply));
  server.post(paths.renamePasskey, { config }, (request, reply) => postRename(deps, request, reply));
  server.post(paths.removePasskey, { config }, (request, reply) => postRemove(deps, request, reply));
}

async function postNewChallenge(
  deps: PasskeyRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  parse(emptyForm, request.body);
  const { texts: t } = request.context;
  const options = await askForNewPasskey(
    deps,
    sessionOf(request),
    askedHere(deps, request),
    t.layout.cabinet,
  );
  if (!options) throw problem(409);
  return reply.send(options);
}

async function postAdd(
  deps: PasskeyRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { answer, name } = parse(addForm, request.body);
  const added = await addPasskey(deps, actorOf(request), {
    answer,
    asked: askedHere(deps, request),
    name: passkeyName(name, deviceOf(request)),
    byEds: sessionOf(request).proved === 'eds',
  });
  if (added.ok) {
    deps.onQueued();
    return reply.redirect(withQuery(paths.passkeys, { done: 'added' }), 303);
  }
  request.log.info({ reason: added.reason }, 'a passkey was not added');
  return sendPasskeys(deps, request, reply, { refusal: added.reason });
}

async function postRename(
  { database }: PasskeyRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { passkey, name } = parse(renameForm, request.body);
  const { holderId } = sessionOf(request);
  const named = passkeyName(name, deviceOf(request));
  const isDone = await writePasskeyName(database, holderId, Buffer.from(passkey, 'base64url'), named);
  if (!isDone) throw problem(404);
  return reply.redirect(withQuery(paths.passkeys, { done: 'renamed' }), 303);
}

async function postRemove(
  deps: PasskeyRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { passkey } = parse(removeForm, request.body);
  const removal = await removePasskey(deps.database, actorOf(request), Buffer.from(passkey, 'base64url'));
  if (removal === 'passwordShort') return sendPasskeys(deps, request, reply, { passwordShort: true });
  // Else a second press, or another tab, has removed it already.
  if (removal === 'removed') deps.onQueued();
  return reply.redirect(withQuery(paths.passkeys, { done: 'removed' }), 303);
}

/** What an answer is valid for here: a new passkey, in this session. */
function askedHere({ siteOf }: PasskeyRoutesDeps, request: FastifyRequest): PasskeyAsked {
  return { purpose: 'enrol', binding: sessionOf(request).hash, site: siteOf(request) };
}

function deviceOf(request: FastifyRequest): string {
  return deviceName(request.headers['user-agent'] ?? '');
}

async function sendPasskeys(
  { database, contactSettings, siteOf, sendPage }: PasskeyRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  { refusal, passwordShort = false }: Partial<Pick<PasskeysPageProps, 'refusal' | 'passwordShort'>> = {},
): Promise<FastifyReply> {
  const { texts: t, language, csrf } = request.context;
  const { holderId, proved } = sessionOf(request);
  const passkeys = await listPasskeys(database, holderId);
  const isRefused = refusal !== undefined || passwordShort;
  return sendPage(request, reply, {
    title: t.passkeys.title,
    section: 'security',
    status: isRefused ? 422 : 200,
    hasErrors: isRefused,
    path: paths.passkeys,
    scripts: ['passkey'],
    body: PasskeysPage({
      t,
      language,
      csrf: csrf(),
      passkeys,
      canAdd: passkeys.length < mostPasskeys,
      where: passkeySiteOf(siteOf(request)),
      device: deviceOf(request),
      waitHours: proved === 'eds' ? undefined : contactSettings.waitHours,
      done: isRefused ? undefined : parse(passkeysQuery, request.query).done,
      refusal,
      passwordShort,
    }),
  });
}
