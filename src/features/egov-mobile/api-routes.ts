import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { paths, phoneAddress, phoneReturnPath } from '../../paths.ts';
import { parse } from '../../platform/http/forms.ts';
import { noteOutcome } from '../../platform/http/outcome.ts';
import { asProblem } from '../../platform/http/problem.ts';
import { withoutValues } from '../../platform/loggable.ts';
import { isOutage } from '../../platform/outage.ts';
import { formatSince } from '../../texts/dates.ts';
import type { Texts } from '../../texts/kk.ts';
import { fill, textsOf } from '../../texts/texts.ts';
import type { Language } from '../../values/language.ts';
import { type EdsReason, isPassing, retryAfter, shownReason, unknownSince } from '../eds/reasons.ts';
import type { PhoneAttempt } from './attempt.ts';
import { createReturnSecret } from './attempt-secrets.ts';
import { appLanguage, sayIn, signInDocument } from './document-routes.ts';
import { askPhone, type ReadRefusal, readDocument } from './read-document.ts';
import type { EgovMobileSettings } from './settings.ts';
import { endOversized, type PhoneRefusal, type TakeSignatureDeps, takeSignature } from './take-signature.ts';

export interface PhoneApiDeps extends TakeSignatureDeps {
  readonly egovMobileSettings: EgovMobileSettings;
  /** The origin that the person sees. It is part of what they sign. */
  readonly siteOf: (request: FastifyRequest) => string;
}

/**
 * The most that a phone may send, in bytes: the document of a sign-in, which has at most 8 KB as
 * JSON, and 32 KB for the signature.
 */
const mostSent = (8 + 32) * 1024;

const addressParams = z.object({ id: z.string() });

/**
 * `/egov/…`: what the app on a phone calls. It sends no cookies and no `Origin`, and it shows the
 * `message` of an error. Addresses of phones are not counted: many people share one.
 */
export async function phoneApiRoutes(server: FastifyInstance, deps: PhoneApiDeps): Promise<void> {
  await server.register(async (scope) => {
    const config = { access: 'machine', rateLimit: false } as const;
    scope.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) =>
      done(null, body),
    );
    scope.setErrorHandler((error: FastifyError, request, reply) => failPhone(deps, error, request, reply));
    scope.get(paths.phoneRequest, { config }, (request, reply) => showPhoneRequest(deps, request, reply));
    scope.get(paths.phoneDocuments, { config }, (request, reply) => showPhoneDocuments(deps, request, reply));
    scope.put(paths.phoneDocuments, { config, bodyLimit: mostSent }, (request, reply) =>
      putPhoneDocuments(deps, request, reply),
    );
  });
}

/** API №1: who asks, for what, until when, and where the document is. */
async function showPhoneRequest(
  deps: PhoneApiDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { service } = deps.egovMobileSettings;
  const language = appLanguage(request);
  const { id } = parse(addressParams, request.params);
  const asked = service ? await askPhone(deps, id) : undefined;
  if (!asked?.ok || !service)
    return refuseReading(request, reply, asked?.ok === false ? asked.reason : 'unknown');
  const { attempt, token } = asked.value;
  return answer(reply, 200, {
    description: sayIn(
      language,
      (t) => `${documentTitle(t, attempt)}. ${fill(t.phone.document.number, { number: attempt.digits })}`,
    ),
    expiry_date: attempt.expiresAt.toISOString(),
    organisation: {
      nameRu: service.names.ru,
      nameKz: service.names.kk,
      nameEn: service.names.en,
      bin: service.bin,
    },
    document: {
      uri: phoneOrigin(deps, request) + phoneAddress(id, 'documents'),
      auth_type: 'Token',
      auth_token: token,
    },
  });
}

/** API №2, reading: the text to sign. */
async function showPhoneDocuments(
  deps: PhoneApiDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { id } = parse(addressParams, request.params);
  const language = appLanguage(request);
  const site = deps.siteOf(request);
  const given = await readDocument(deps, id, bearer(request), (attempt, nonce) =>
    signInDocument(attempt, { site, nonce, language }),
  );
  if (!given.ok) return refuseReading(request, reply, given.reason);
  const title = (one: Language) => documentTitle(textsOf(one), given.value.attempt);
  return answer(reply, 200, {
    signMethod: 'CMS_WITH_DATA',
    version: 1,
    documentsToSign: [
      {
        id: 1,
        nameRu: title('ru'),
        nameKz: title('kk'),
        nameEn: title('en'),
        meta: [
          { name: sayIn(language, (t) => t.phone.numberLabel), value: String(given.value.attempt.digits) },
          { name: sayIn(language, (t) => t.phone.deviceLabel), value: given.value.attempt.device },
        ],
        document: { file: { mime: 'text/plain', data: given.value.content.toString('base64') } },
      },
    ],
  });
}

/** What is signed, as the phone names it. */
function documentTitle(t: Texts, { purpose }: PhoneAttempt): string {
  return purpose === 'change' ? t.eds.change.title : t.phone.document.title;
}

/** API №2, answering: the signature. */
async function putPhoneDocuments(
  deps: PhoneApiDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { id } = parse(addressParams, request.params);
  const outcome = await noteOutcome(
    request,
    'sign-in-phone',
    () =>
      takeSignature(deps, {
        address: id,
        token: bearer(request),
        body: Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0),
        requestId: request.id,
      }),
    (taken) => (taken.ok ? 'signed' : taken.reason),
  );
  if (!outcome.ok) return refuseSigning(request, reply, outcome);
  const { attemptId, purpose } = outcome.value;
  const back =
    purpose === 'change' ? paths.confirmByPhone : phoneReturnPath(createReturnSecret(deps.keys, attemptId));
  return answer(reply, 200, {
    // Three members, because versions of the app look for different ones.
    status: 'success',
    code: '200',
    message: 'success',
    backUrl: deps.siteOf(request) + back,
  });
}

const readingStatus: Readonly<Record<ReadRefusal, number>> = {
  unknown: 404,
  over: 410,
  formerCode: 410,
  noToken: 401,
  otherPhone: 409,
};

function refuseReading(request: FastifyRequest, reply: FastifyReply, reason: ReadRefusal): FastifyReply {
  return answer(reply, readingStatus[reason], {
    message: sayIn(appLanguage(request), (t) => t.phone.api[reason]),
  });
}

const signingStatus = {
  unknown: 404,
  noToken: 401,
  otherPhone: 409,
  notRead: 409,
  over: 403,
  finished: 409,
} as const satisfies Partial<Record<PhoneRefusal, number>>;

function isOfApi(reason: PhoneRefusal): reason is keyof typeof signingStatus {
  return reason in signingStatus;
}

function refuseSigning(
  request: FastifyRequest,
  reply: FastifyReply,
  refusal: { readonly reason: PhoneRefusal; readonly detail?: string | undefined },
): FastifyReply {
  const { reason } = refusal;
  request.log.info({ reason }, 'a signature of a phone was refused');
  if (reason === 'changeOver')
    return answer(reply, 403, { message: sayIn(appLanguage(request), (t) => t.phone.changeOver) });
  if (isOfApi(reason))
    return answer(reply, signingStatus[reason], {
      message: sayIn(appLanguage(request), (t) => t.phone.api[reason]),
    });
  const wait = retryAfter(reason);
  if (wait !== undefined) reply.header('retry-after', String(wait));
  const since = unknownSince({ reason, detail: refusal.detail });
  return answer(reply, isPassing(reason) ? 503 : 403, {
    message: sayIn(appLanguage(request), (t, language) =>
      fill(phoneReason(t, reason), { since: since ? formatSince(language, since) : '' }),
    ),
  });
}

/** Why a signature opens nothing, in words for who signed with a phone. */
export function phoneReason(t: Texts, reason: EdsReason): string {
  const shown = shownReason(reason);
  return shown === 'badMessage' ? t.phone.badMessage : t.eds.reasons[shown];
}

/** Answers an error as JSON, in the language of the app. */
async function failPhone(
  deps: PhoneApiDeps,
  error: FastifyError,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { statusCode } = isOutage(error) ? { statusCode: 503 as const } : asProblem(error);
  if (statusCode >= 500 && !isOutage(error)) request.log.error(withoutValues(error), 'a request failed');
  if (statusCode === 413) {
    await readAway(request);
    await endOversized(deps, parse(addressParams, request.params).id, bearer(request));
  }
  if (statusCode === 503) reply.header('retry-after', '5');
  return answer(reply, statusCode, {
    message: sayIn(appLanguage(request), ({ phone: { api } }) =>
      statusCode === 413 ? api.tooLarge : statusCode === 503 ? api.later : api.failed,
    ),
  });
}

/**
 * Reads what a phone still sends. Otherwise the connection would be reset, and the phone would not
 * see the answer. The server's time for a whole request bounds it.
 */
async function readAway({ raw }: FastifyRequest): Promise<void> {
  if (raw.readableEnded || raw.destroyed) return;
  raw.resume();
  await new Promise<void>((resolve) =>
    raw.once('close', resolve).once('end', resolve).once('error', resolve),
  );
}

/** Where phones reach this service: its host on the operator's list, or where a demonstration runs. */
export function phoneOrigin(
  { egovMobileSettings, siteOf }: Pick<PhoneApiDeps, 'egovMobileSettings' | 'siteOf'>,
  request: FastifyRequest,
): string {
  const host = egovMobileSettings.service?.host;
  return host === undefined ? siteOf(request) : `https://${host}`;
}

function bearer({ headers: { authorization = '' } }: FastifyRequest): string | undefined {
  return /^Bearer ([\w-]{1,100})$/.exec(authorization)?.[1];
}

function answer(reply: FastifyReply, status: number, body: object): FastifyReply {
  return reply
    .code(status)
    .header('cache-control', 'no-store')
    .type('application/json; charset=utf-8')
    .send(JSON.stringify(body));
}
