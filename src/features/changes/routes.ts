import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { paths } from '../../paths.ts';
import { actorOf } from '../../platform/http/actor.ts';
import { forgetDone, isDone } from '../../platform/http/done-mark.ts';
import { retrySoon } from '../../platform/http/outage.tsx';
import type { SendPage } from '../../platform/http/page.tsx';
import { problem } from '../../platform/http/problem.ts';
import { readingDeps, type StandbyDeps } from '../../platform/http/reading-deps.ts';
import { languageByCookie } from '../../platform/http/request-context.ts';
import type { Keys } from '../../platform/keys.ts';
import { DatabaseAway } from '../../platform/outage.ts';
import type { SealedContent } from '../../receipt/sealed-content.ts';
import { textsOf } from '../../texts/texts.ts';
import { compareWords } from '../../ui/compare.tsx';
import { qrRuns } from '../../ui/qr-code.tsx';
import { maskIin } from '../../values/iin.ts';
import type { ContactSettings } from '../contact-change/settings.ts';
import { findSignedMessage } from '../eds/store.ts';
import { withTimeStamps } from '../evidence/signed-message.ts';
import { findInLog } from '../receipt-log/log.ts';
import { loggedDocument } from '../receipt-log/logged-document.ts';
import type { ReceiptSealer } from '../receipt-seal/sealer.ts';
import { holderName } from '../requisites/holder-name.ts';
import { type ViewDeps, viewRequisites } from '../requisites/view.ts';
import type { SavedChange } from './change.ts';
import { changeRows } from './change.ts';
import { nextText, type ReceiptHolder, ReceiptPage, receiptFacts, SavedPage, waitText } from './pages.tsx';
import { createReceiptPrinter } from './receipt-printer.ts';
import { findReceipt } from './store.ts';

export interface ReceiptRoutesDeps extends ViewDeps, StandbyDeps<Omit<ViewDeps, 'contactSettings'>> {
  readonly sendPage: SendPage;
  readonly contactSettings: ContactSettings;
  readonly keys: Keys;
  /** Undefined where receipts have no seal. */
  readonly receiptSealer: ReceiptSealer | undefined;
  /** The origin that the person sees. The seal names it. */
  readonly siteOf: (request: FastifyRequest) => string;
}

/** The receipt of a change: a page, a PDF, and the holder's signature if there is one. */
export function receiptRoutes(server: FastifyInstance, deps: ReceiptRoutesDeps): void {
  const printer = createReceiptPrinter(deps.receiptSealer);
  const config = { access: 'holder' } as const;
  const ofReceipt = {
    ...config,
    readsStandby: true as const,
    whenNotShown: (request: FastifyRequest, reply: FastifyReply, why: 'outage' | 'no session') =>
      isDone(deps.keys, request) ? showSaved(deps, request, reply, why) : undefined,
  };
  server.get(paths.receipt, { config: ofReceipt }, (request, reply) =>
    showReceipt(readingDeps(deps, request), request, reply),
  );
  server.get(paths.receiptPdf, { config }, (request, reply) => showReceiptPdf(deps, printer, request, reply));
  server.get(paths.receiptSignature, { config: { ...config, readsStandby: true } }, (request, reply) =>
    showReceiptSignature(readingDeps(deps, request), request, reply),
  );
}

async function showReceipt(
  deps: ReceiptRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const change = await receiptOf(deps, request);
  const { texts: t, language } = request.context;
  const body = ReceiptPage({
    t,
    language,
    change,
    holder: await holderOf(deps, request),
    wait: waitText(t, language, change, deps.contactSettings.waitHours),
  });
  forgetDone(request, reply);
  return deps.sendPage(request, reply, {
    title: t.receipt.title,
    section: 'services',
    scripts: ['print'],
    body,
  });
}

/**
 * Says that the change is saved, to the browser that has just saved it, while its receipt cannot be
 * shown. It needs neither the database nor a session.
 */
function showSaved(
  { sendPage }: ReceiptRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  why: 'outage' | 'no session',
): FastifyReply {
  const language = languageByCookie(request) ?? request.context.language;
  const t = textsOf(language);
  request.context = { ...request.context, language, texts: t };
  const { number = '' } = request.params as { number?: string };
  const body = SavedPage({ t, number, why });
  const page = { title: t.receipt.saved, namesNobody: true, body };
  if (why === 'no session') return sendPage(request, reply, page);
  const seconds = String(retrySoon());
  reply.headers({ 'retry-after': seconds, refresh: seconds });
  return sendPage(request, reply, { ...page, status: 503 });
}

async function showReceiptPdf(
  deps: ReceiptRoutesDeps,
  printer: ReturnType<typeof createReceiptPrinter>,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const change = await receiptOf(deps, request);
  const { texts: t, language } = request.context;
  const holder = await holderOf(deps, request);
  const log = deps.receiptSealer ? await findInLog(deps.database, change) : undefined;
  const sealed = sealedContentOf(change, holder, { origin: deps.siteOf(request), log: log ?? null });
  const printed = await printer.print(actorOf(request).sessionHash.toString('hex'), sealed, {
    language,
    cabinet: t.layout.cabinet,
    fund: t.layout.fund,
    title: t.requisites.title,
    lead: `${t.receipt.title} ${t.receipt.saved}`,
    number: change.number,
    madeAt: change.madeAt,
    facts: [{ term: t.receipt.number, value: change.number }, ...receiptFacts(t, language, change, holder)],
    changes: {
      title: t.receipt.changes,
      words: compareWords(t),
      rows: changeRows(t.requisites, change.entries),
    },
    next: {
      title: t.receipt.next,
      text: [nextText(t, change), waitText(t, language, change, deps.contactSettings.waitHours)]
        .filter((part) => part !== undefined)
        .join(' '),
    },
    check: { ...t.receipt.check, encode: qrRuns, origin: sealed.origin },
    footer: t.receipt.pdfFooter,
  });
  if (!printed.ok) throw problem(429, printed.retryAfter);
  return reply
    .type('application/pdf')
    .header('content-disposition', `attachment; filename="receipt-${change.number}.pdf"`)
    .send(printed.pdf);
}

/** What the seal says: the values as they are stored, and who made the change. */
function sealedContentOf(
  { number, madeAt, document, entries, proof, delivery }: SavedChange,
  holder: ReceiptHolder,
  { origin, log }: Pick<SealedContent, 'origin' | 'log'>,
): SealedContent {
  return {
    version: 1,
    origin,
    number,
    madeAt: madeAt.toISOString(),
    holder: { name: holder.name ?? null, iin: maskIin(holder.iin) },
    document: loggedDocument(document),
    changes: entries.map(({ field, old, new: value }) => ({ field, old, new: value })),
    proof,
    state: delivery.state,
    log,
  };
}

async function showReceiptSignature(
  deps: ReceiptRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { number } = await receiptOf(deps, request);
  const signed = await findSignedMessage(deps.database, actorOf(request).holderId, number);
  if (!signed) throw problem(404);
  return reply
    .type('application/pkcs7-mime')
    .header('content-disposition', `attachment; filename="receipt-${number}.cms"`)
    .send(await withTimeStamps(signed.cms, signed.tokens));
}

const receiptParams = z.object({ number: z.string().regex(/^[0-9A-Z]{12}$/) });

/**
 * @throws Problem 404 when this holder has no such receipt
 * @throws DatabaseAway when a standby has none: it may be too young to be there
 */
async function receiptOf({ database }: ReceiptRoutesDeps, request: FastifyRequest): Promise<SavedChange> {
  const { data: params } = receiptParams.safeParse(request.params);
  const change = params && (await findReceipt(database, actorOf(request).holderId, params.number));
  if (!change) throw request.context.standby ? new DatabaseAway('STANDBY') : problem(404);
  return change;
}

async function holderOf(deps: ReceiptRoutesDeps, request: FastifyRequest): Promise<ReceiptHolder> {
  const actor = actorOf(request);
  return { name: holderName((await viewRequisites(deps, actor))?.person), iin: actor.iin };
}
