import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { paths } from '../../paths.ts';
import type { SendPage } from '../../platform/http/page.tsx';
import { problem } from '../../platform/http/problem.ts';
import { type Topic, topics } from '../../texts/help/topics.ts';
import type { Texts } from '../../texts/kk.ts';
import type { SharedBody } from '../../ui/page-skeleton.tsx';
import { HelpPage, TopicPage } from './pages.tsx';

export interface HelpRoutesDeps {
  readonly sendPage: SendPage;
}

/** `/help`: the guide, the same for everybody. */
export function helpRoutes(server: FastifyInstance, deps: HelpRoutesDeps): void {
  const config = { access: 'anyone' } as const;
  server.get(paths.help, { config }, (request, reply) => showHelp(deps, request, reply));
  server.get(paths.helpTopic, { config }, (request, reply) => showTopic(deps, request, reply));
}

const list: SharedBody<Texts> = { shared: (t) => HelpPage({ t }) };

const answers = new Map<string, { readonly topic: Topic; readonly body: SharedBody<Texts> }>(
  topics.map((topic) => [topic, { topic, body: { shared: (t) => TopicPage({ t, topic }) } }]),
);

const topicParams = z.object({ topic: z.string() });

function showHelp(deps: HelpRoutesDeps, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  return deps.sendPage(request, reply, { title: request.context.texts.help.title, body: list });
}

function showTopic(deps: HelpRoutesDeps, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const found = answers.get(topicParams.parse(request.params).topic);
  if (!found) throw problem(404);
  const { topic, body } = found;
  const { question } = request.context.texts.help.topics[topic];
  return deps.sendPage(request, reply, { title: question, body });
}
