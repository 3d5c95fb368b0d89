import type { FastifyReply, FastifyRequest } from 'fastify';
import { textsOf } from '../../texts/texts.ts';
import { PageHeading } from '../../ui/page-heading.tsx';
import { type Language, languages } from '../../values/language.ts';
import { compress } from './compression.ts';
import { retrySoon } from './outage.tsx';
import { languageByCookie } from './request-context.ts';

/** One page, in each encoding that browsers accept. */
interface Ready {
  readonly plain: string;
  readonly br: Buffer | undefined;
  readonly gzip: Buffer | undefined;
}

/** Answers a GET that must wait. The page reloads itself. */
export type SendWaiting = (request: FastifyRequest, reply: FastifyReply) => FastifyReply;

/**
 * Makes the pages for overload in advance, so that sending one costs almost nothing: one for each
 * language, and one in all languages for a browser that has not chosen.
 * @param render puts a body into the layout
 */
export async function waitingPages(
  render: (language: Language, title: string, body: preact.JSX.Element) => string,
): Promise<SendWaiting> {
  const ready = new Map<Language | undefined, Ready>();
  for (const chosen of [...languages, undefined]) {
    const language = chosen ?? 'kk';
    const { title } = textsOf(language).outages.busy;
    const plain = render(language, title, <Waiting inLanguages={chosen ? [chosen] : languages} />);
    const [br, gzip] = await Promise.all(['br', 'gzip'].map((one) => compress(plain, one)));
    ready.set(chosen, { plain, br: br?.body, gzip: gzip?.body });
  }
  return (request, reply) => {
    const page = ready.get(languageByCookie(request)) as Ready;
    const seconds = String(retrySoon());
    const accepted = request.headers['accept-encoding'] ?? '';
    const encoding = /\bbr\b/.test(accepted) ? 'br' : /\bgzip\b/.test(accepted) ? 'gzip' : undefined;
    const body = encoding && page[encoding];
    if (body) reply.header('content-encoding', encoding);
    return reply
      .code(503)
      .headers({
        'retry-after': seconds,
        // Use a header: the page is the same for everybody, the number of seconds is not.
        refresh: seconds,
        'cache-control': 'no-store',
        vary: 'Accept-Encoding',
        'content-type': 'text/html; charset=utf-8',
      })
      .send(body ?? Buffer.from(page.plain));
  };
}

function Waiting({ inLanguages }: { inLanguages: readonly Language[] }) {
  return (
    <>
      {inLanguages.map((language, index) => {
        const t = textsOf(language).outages;
        return (
          <div key={language} lang={language}>
            {index === 0 ? (
              <PageHeading title={t.busy.title} lead={`${t.busy.text} ${t.byItself}`} />
            ) : (
              <>
                <h2>{t.busy.title}</h2>
                <p class="lead">{`${t.busy.text} ${t.byItself}`}</p>
              </>
            )}
          </div>
        );
      })}
    </>
  );
}
