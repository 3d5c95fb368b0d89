import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { accountRequestPaths } from '../../paths.ts';
import type { TypedPage } from '../../platform/http/language.ts';
import { postAsk, postWork, sendAskPage, showAsk } from './ask-routes.ts';
import { postCode, sendCodePage, showCode } from './code-routes.ts';
import { type AccountRequestRoutesDeps, type KindRoutesDeps, requestProgress } from './common-routes.ts';
import { postPassword, sendPasswordPage, showPassword } from './password-routes.ts';

/**
 * `/register` and `/recover`, each with its `/confirm` and `/password`, and their pages for the
 * language switch. Until a right code is typed, no answer depends on the person named.
 */
export function accountRequestRoutes(
  server: FastifyInstance,
  deps: AccountRequestRoutesDeps,
): ReadonlyMap<string, TypedPage> {
  return new Map(
    (['register', 'recover'] as const).flatMap((kind) => {
      const kindDeps = { ...deps, kind };
      register(server, kindDeps);
      return typedPages(kindDeps);
    }),
  );
}

function register(server: FastifyInstance, deps: KindRoutesDeps): void {
  const { start, confirm, password, work } = accountRequestPaths(deps.kind);
  const anyone = { access: 'anyone' } as const;
  server.get(start, { config: anyone }, (request, reply) => showAsk(deps, request, reply));
  server.post(start, { config: { ...anyone, repeatable: ['iin', 'contact'] } }, (request, reply) =>
    postAsk(deps, request, reply),
  );
  server.post(work, { config: anyone }, (request, reply) => postWork(deps, request, reply));
  server.get(confirm, { config: anyone }, (request, reply) => showCode(deps, request, reply));
  server.post(confirm, { config: anyone }, (request, reply) => postCode(deps, request, reply));
  server.get(password, { config: anyone }, (request, reply) => showPassword(deps, request, reply));
  server.post(password, { config: anyone }, (request, reply) => postPassword(deps, request, reply));
}

function typedPages(deps: KindRoutesDeps): readonly (readonly [string, TypedPage])[] {
  const { start, confirm, password } = accountRequestPaths(deps.kind);
  /** Shows a page once the request has reached that step. Otherwise the visitor begins again. */
  const at =
    (
      wanted: 'begun' | 'proved',
      send: (request: FastifyRequest, reply: FastifyReply) => FastifyReply | Promise<FastifyReply>,
    ): TypedPage['show'] =>
    async (request, reply) =>
      (await requestProgress(deps, request)) === wanted ? send(request, reply) : reply.redirect(start, 303);
  return [
    [
      start,
      {
        fields: ['iin', 'contact'],
        secret: [],
        forHolder: false,
        show: async (request, reply, { iin = '', contact = '' }) =>
          sendAskPage(deps, request, reply, { iin, contact }),
      },
    ],
    [
      confirm,
      {
        fields: [],
        secret: ['code'],
        forHolder: false,
        show: at('begun', (request, reply) => sendCodePage(deps, request, reply, {})),
      },
    ],
    [
      password,
      {
        fields: [],
        secret: ['password', 'passwordAgain'],
        forHolder: false,
        show: at('proved', (request, reply) => sendPasswordPage(deps, request, reply, {})),
      },
    ],
  ];
}
