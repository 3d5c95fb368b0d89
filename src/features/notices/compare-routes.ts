import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { paths } from '../../paths.ts';
import { formOf, parse } from '../../platform/http/forms.ts';
import type { TypedPage } from '../../platform/http/language.ts';
import type { SendPage } from '../../platform/http/page.tsx';
import { fill } from '../../texts/texts.ts';
import { waitMinutes } from '../sign-in/failures.ts';
import { type CompareDeps, compareMessage } from './compare-message.ts';
import { ComparePage, type ComparePageProps } from './compare-page.tsx';

export interface CompareRoutesDeps extends CompareDeps {
  readonly sendPage: SendPage;
}

const compareForm = formOf({ letters: z.string() });

/** `/help/notice`: what the service wrote, by the letters of a message. For anybody. */
export function compareRoutes(
  server: FastifyInstance,
  deps: CompareRoutesDeps,
): ReadonlyMap<string, TypedPage> {
  server.get(paths.compareMessage, { config: { access: 'anyone' } }, (request, reply) =>
    showComparison(deps, request, reply),
  );
  const config = {
    access: 'anyone',
    duringMaintenance: true,
    takesEarlier: 'always',
    repeatable: ['letters'],
  } as const;
  server.post(paths.compareMessage, { config }, (request, reply) => postComparison(deps, request, reply));
  const typedPage: TypedPage = {
    fields: ['letters'],
    secret: [],
    forHolder: false,
    show: async (request, reply, { letters = '' }) => showComparison(deps, request, reply, { letters }),
  };
  return new Map([[paths.compareMessage, typedPage]]);
}

function showComparison(
  { sendPage }: CompareRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  { status = 200, ...props }: Partial<ComparePageProps> & { readonly status?: number } = {},
): FastifyReply {
  const { texts: t, language, csrf } = request.context;
  return sendPage(request, reply, {
    title: t.letters.title,
    status,
    hasErrors: status >= 400,
    hasForm: true,
    path: paths.compareMessage,
    styles: ['help'],
    body: ComparePage({ t, language, csrf: csrf(), letters: '', ...props }),
  });
}

async function postComparison(
  deps: CompareRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { letters } = parse(compareForm, request.body);
  const { texts: t } = request.context;
  const outcome = await compareMessage(deps, letters, request.context);
  switch (outcome.kind) {
    case 'messages':
      return showComparison(deps, request, reply, { letters, messages: outcome.messages });
    case 'no-letters':
      return showComparison(deps, request, reply, {
        status: 422,
        letters,
        error: t.reasons.lettersOfNoForm,
      });
    case 'limited': {
      reply.header('retry-after', String(outcome.seconds));
      const trouble = fill(t.letters.limited, { minutes: waitMinutes(outcome.seconds) });
      return showComparison(deps, request, reply, { status: 429, letters, trouble });
    }
  }
}
