import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { paths } from '../../paths.ts';
import { readPictures } from '../../platform/http/assets.ts';
import type { SendPage } from '../../platform/http/page.tsx';
import { problem } from '../../platform/http/problem.ts';
import { guideFile, guidePictures } from '../../texts/help/pictures.ts';
import { type Topic, topics } from '../../texts/help/topics.ts';
import type { Texts } from '../../texts/kk.ts';
import { textsOf } from '../../texts/texts.ts';
import type { SharedBody } from '../../ui/page-skeleton.tsx';
import { type Language, languages } from '../../values/language.ts';
import { memoOf } from './memo.tsx';
import { HelpPage, TopicPage } from './pages.tsx';

export interface HelpRoutesDeps {
  readonly sendPage: SendPage;
}

/** `/help`: the guide, the same for everybody. */
export function helpRoutes(server: FastifyInstance, deps: HelpRoutesDeps): void {
  const config = { access: 'anyone' } as const;
  server.get(paths.help, { config }, (request, reply) => showHelp(deps, request, reply));
  const files = Object.keys(guidePictures).flatMap((name) => languages.map((one) => guideFile(name, one)));
  const pictures = readPictures(files);
  const answers = createAnswers(pictures);
  const memos = createMemos(pictures);
  server.get(paths.helpTopic, { config }, (request, reply) => showTopic(deps, answers, request, reply));
  server.get(paths.memo, { config }, (request, reply) => showMemo(memos, request, reply));
}

const list: SharedBody<Texts> = { shared: (t) => HelpPage({ t }) };

type Pictures = ReturnType<typeof readPictures>;

/** The page of each question. It is the same for everybody, and rendered once in each language. */
type Answers = ReadonlyMap<string, { readonly topic: Topic; readonly body: SharedBody<Texts> }>;

function createAnswers(pictures: Pictures): Answers {
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

/** Draws the memo of a language at its first use, once. What draws it is loaded then. */
function createMemos(pictures: Pictures): (language: Language) => Promise<Buffer> {
  const files = new Map([...pictures].map(([name, { file }]) => [name, file]));
  const drawn = new Map<Language, Promise<Buffer>>();
  return (language) => {
    const draw = async () =>
      (await import('./memo-pdf.ts')).memoPdf(memoOf(textsOf(language), language, files));
    const memo = drawn.get(language) ?? draw();
    drawn.set(language, memo);
    return memo;
  };
}

async function showMemo(
  memos: ReturnType<typeof createMemos>,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  return reply.type('application/pdf').send(await memos(request.context.language));
}
