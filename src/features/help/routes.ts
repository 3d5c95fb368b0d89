import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { paths } from '../../paths.ts';
import { readPictures } from '../../platform/http/assets.ts';
import type { SendPage } from '../../platform/http/page.tsx';
import { problem } from '../../platform/http/problem.ts';
import { guideFile, guidePictures } from '../../texts/help/pictures.ts';
import { type Topic, topics } from '../../texts/help/topics.ts';
import type { Texts } from '../../texts/kk.ts';
import type { SharedBody } from '../../ui/page-skeleton.tsx';
import { languages } from '../../values/language.ts';
import { HelpPage, TopicPage } from './pages.tsx';

export interface HelpRoutesDeps {
  readonly sendPage: SendPage;
}

/** `/help`: the guide, the same for everybody. */
export function helpRoutes(server: FastifyInstance, deps: HelpRoutesDeps): void {
  const config = { access: 'anyone' } as const;
  server.get(paths.help, { config }, (request, reply) => showHelp(deps, request, reply));
  const answers = createAnswers();
  server.get(paths.helpTopic, { config }, (request, reply) => showTopic(deps, answers, request, reply));
}

const list: SharedBody<Texts> = { shared: (t) => HelpPage({ t }) };

/** The page of each question. It is the same for everybody, and rendered once in each language. */
type Answers = ReadonlyMap<string, { readonly topic: Topic; readonly body: SharedBody<Texts> }>;

function createAnswers(): Answers {
  const files = Object.keys(guidePictures).flatMap((name) => languages.map((one) => guideFile(name, one)));
  const pictures = readPictures(files);
  return new Map(
    topics.map((topic) => [topic, { topic, body: { shared: (t) => TopicPage({ t, topic, pictures }) } }]),
  );
}

const topicParams = z.object({ topic: z.string() });

function showHelp(deps: HelpRoutesDeps, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  return deps.sendPage(request, reply, { title: request.context.texts.help.title, body: list });
}

function showTopic(
  deps: HelpRoutesDeps,
  answers: Answers,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const found = answers.get(topicParams.parse(request.params).topic);
  if (!found) throw problem(404);
  const { topic, body } = found;
  const { question } = request.context.texts.help.topics[topic];
  return deps.sendPage(request, reply, { title: question, styles: ['help'], body });
}
