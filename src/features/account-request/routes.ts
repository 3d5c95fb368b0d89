import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { readForm } from '../../platform/http/forms.ts';
import type { TypedPage } from '../../platform/http/language.ts';
import type { SendPage } from '../../platform/http/page.tsx';
import { problem } from '../../platform/http/problem.ts';
import { clearSecret, readSecret, setSecret } from '../../platform/http/request-context.ts';
import { isBlank } from '../../values/cleaning.ts';
import { formatPhone } from '../../values/phone.ts';
import type { Channel } from '../notices/ports.ts';
import { readMarks } from '../sign-in/device-marks.ts';
import {
  type AccountRequestDeps,
  beginAccountRequest,
  choosePassword,
  findAccountRequest,
  readTypedRequest,
  resendCode,
  tryCode,
  typedBefore,
} from './account-request.ts';
import type { Requester } from './admission.ts';
import {
  AskPage,
  type AskPageProps,
  CodePage,
  type CodePageProps,
  PasswordPage,
  type PasswordPageProps,
  pathOf,
} from './pages.tsx';
import type { AccountRequestKind } from './ports.ts';
import { giveWork } from './work.ts';

export interface AccountRequestRoutesDeps extends AccountRequestDeps {
  readonly sendPage: SendPage;
  readonly channels: { available(channel: Channel): boolean };
  readonly contactWaitHours: number;
}

const busySeconds = 5;

/**
 * `/register` and `/recover`, each with its `/confirm` and `/password`: the two differ in words and in what the worker sends.
 * Until the code was right, no answer depends on the person named.
 */
export function accountRequestRoutes(
  server: FastifyInstance,
  parts: AccountRequestRoutesDeps,
): ReadonlyMap<string, TypedPage> {
  return new Map([...routesOfKind(server, parts, 'register'), ...routesOfKind(server, parts, 'recover')]);
}

type Shown<Props> = Partial<Props> & { readonly status?: number };

function routesOfKind(
  server: FastifyInstance,
  parts: AccountRequestRoutesDeps,
  kind: AccountRequestKind,
): readonly (readonly [string, TypedPage])[] {
  const { sendPage, attackSwitch } = parts;
  const start = pathOf(kind);

  const common = ({ context }: FastifyRequest) => ({
    t: context.texts,
    kind,
    csrf: context.csrf(),
    stoppedMinutes: attackSwitch.open ? attackSwitch.minutes : undefined,
    down: (['mobile', 'email'] as const).filter((channel) => !parts.channels.available(channel)),
  });
  const titleOf = ({ context: { texts: t } }: FastifyRequest) =>
    kind === 'register' ? t.registration.title : t.recovery.title;

  const showAsk = (
    request: FastifyRequest,
    reply: FastifyReply,
    { status = 200, ...props }: Shown<AskPageProps>,
  ) =>
    sendPage(request, reply, {
      title: titleOf(request),
      status,
      hasErrors: status >= 400,
      hasForm: true,
      path: start,
      scripts: attackSwitch.open || props.limitedMinutes !== undefined ? ['work'] : [],
      body: AskPage({ ...common(request), iin: '', contact: '', ...props }),
    });

  const showCode = (
    request: FastifyRequest,
    reply: FastifyReply,
    { status = 200, ...props }: Shown<CodePageProps>,
  ) =>
    sendPage(request, reply, {
      title: titleOf(request),
      status,
      hasErrors: status >= 400,
      hasForm: true,
      path: `${start}/confirm`,
      scripts: attackSwitch.open || props.limitedMinutes !== undefined ? ['work'] : [],
      body: CodePage({
        codeMinutes: parts.rules.entryCodeMinutes,
        ...common(request),
        codesPerQuarterHour: parts.rules.codesPerQuarterHour,
        ...props,
      }),
    });

  const showPassword = (
    request: FastifyRequest,
    reply: FastifyReply,
    { status = 200, ...props }: Shown<PasswordPageProps>,
  ) =>
    sendPage(request, reply, {
      title: request.context.texts.newPassword.title,
      status,
      hasErrors: status >= 400,
      hasForm: true,
      path: `${start}/password`,
      scripts: ['show-password'],
      body: PasswordPage({
        t: request.context.texts,
        kind,
        csrf: request.context.csrf(),
        contactWaitHours: parts.contactWaitHours,
        ...props,
      }),
    });

  /** This browser's entry, as far as it has come. */
  const find = async (request: FastifyRequest) => {
    const token = readSecret(request, 'entry', request.context.secure);
    const entry = token === undefined ? undefined : await findAccountRequest(parts, kind, token);
    return token !== undefined && entry !== undefined
      ? { token, proved: entry.proved !== undefined }
      : undefined;
  };

  server.get(start, { config: { access: 'anyone' } }, async (request, reply) => {
    if (request.context.session) return reply.redirect('/services', 303);
    const token = readSecret(request, 'entry', request.context.secure);
    const again = (request.query as Record<string, unknown>)['again'] === '1';
    const asked = again && token !== undefined ? await typedBefore(parts, kind, token) : undefined;
    if (!asked) return showAsk(request, reply, {});
    const { channel, value } = asked.contact;
    return showAsk(request, reply, {
      iin: asked.iin,
      contact: channel === 'mobile' ? formatPhone(value) : value,
    });
  });

  server.post(
    start,
    { config: { access: 'anyone', repeatable: ['iin', 'contact'] } },
    async (request, reply) => {
      const { context } = request;
      const {
        iin = '',
        contact = '',
        proof,
      } = readForm(request.body, { required: ['iin', 'contact'], optional: ['proof'] });
      if (context.session) return reply.redirect('/services', 303);
      const read = readTypedRequest({ iin, contact }, parts.rules.mobilePrefixes);
      if (!read.iin.ok || !read.contact.ok) {
        return showAsk(request, reply, {
          status: 422,
          iin,
          contact,
          iinError: read.iin.ok ? undefined : isBlank(iin) ? { reason: 'empty' } : read.iin,
          contactError: read.contact.ok ? undefined : isBlank(contact) ? { reason: 'empty' } : read.contact,
        });
      }
      const begun = await beginAccountRequest(parts, {
        kind,
        asked: { iin: read.iin.value, contact: read.contact.value },
        language: context.language,
        ...askerOf(request, proof),
        before: readSecret(request, 'entry', context.secure),
      });
      if (!begun.ok) {
        return showAsk(request, reply, { ...waitFor(reply, begun), iin, contact });
      }
      setSecret(reply, 'entry', begun.value, context.secure);
      return reply.redirect(`${start}/confirm`, 303);
    },
  );

  // Asked by the script of the page, before it sends the form: what the device has to work out for it.
  server.post(`${start}/work`, { config: { access: 'anyone' } }, async (request, reply) => {
    const { iin, contact } = readForm(request.body, { required: [], optional: ['iin', 'contact'] });
    const { browser } = askerOf(request);
    const token = readSecret(request, 'entry', request.context.secure);
    const read =
      iin === undefined || contact === undefined
        ? undefined
        : readTypedRequest({ iin, contact }, parts.rules.mobilePrefixes);
    const asked = read
      ? read.iin.ok && read.contact.ok
        ? { iin: read.iin.value, contact: read.contact.value }
        : undefined
      : token === undefined
        ? undefined
        : await typedBefore(parts, kind, token);
    // Nothing to work for: the form, sent as it is, tells what is wrong.
    if (!asked || browser === undefined) return reply.send({ challenge: null });
    return reply.send({ challenge: await giveWork(parts, { asked, browser }) });
  });

  server.get(`${start}/confirm`, { config: { access: 'anyone' } }, async (request, reply) => {
    const entry = await find(request);
    if (!entry) return reply.redirect(start, 303);
    if (entry.proved) return reply.redirect(`${start}/password`, 303);
    const resent = (request.query as Record<string, unknown>)['sent'] === '1';
    return showCode(request, reply, resent ? { message: 'resent' } : {});
  });

  server.post(`${start}/confirm`, { config: { access: 'anyone' } }, async (request, reply) => {
    const { context } = request;
    const {
      code = '',
      action,
      proof,
    } = readForm(request.body, {
      required: ['code'],
      optional: ['action', 'proof'],
    });
    const asker = askerOf(request, proof);
    if (action !== undefined && action !== 'resend') throw problem(400);
    const token = readSecret(request, 'entry', context.secure);
    if (token === undefined) return reply.redirect(start, 303);

    if (action === 'resend') {
      const asked = await resendCode(parts, kind, { token, language: context.language, ...asker });
      if (asked.ok) return reply.redirect(`${start}/confirm?sent=1`, 303);
      if (asked.reason === 'gone') return reply.redirect(start, 303);
      return showCode(request, reply, waitFor(reply, { reason: asked.reason, detail: asked.detail }));
    }
    if (isBlank(code)) return showCode(request, reply, { status: 422, error: 'codeEmpty' });
    const tried = await tryCode(parts, kind, token, code, asker);
    if (tried.ok) return reply.redirect(`${start}/password`, 303);
    if (tried.reason === 'gone') return reply.redirect(start, 303);
    if (tried.reason === 'stopped')
      return showCode(request, reply, waitFor(reply, { reason: tried.reason, detail: tried.detail }));
    return showCode(request, reply, { status: 422, error: tried.reason });
  });

  server.get(`${start}/password`, { config: { access: 'anyone' } }, async (request, reply) => {
    const entry = await find(request);
    return entry?.proved
      ? showPassword(request, reply, {})
      : reply.redirect(entry ? `${start}/confirm` : start, 303);
  });

  server.post(`${start}/password`, { config: { access: 'anyone' } }, async (request, reply) => {
    const { context } = request;
    const { password = '', passwordAgain = '' } = readForm(request.body, {
      required: ['password', 'passwordAgain'],
    });
    const token = readSecret(request, 'entry', context.secure);
    if (token === undefined) return reply.redirect(start, 303);
    const chosen = await choosePassword(
      parts,
      kind,
      { token, network: context.network, requestId: request.id },
      { password, again: passwordAgain },
    );
    if (chosen.ok) {
      clearSecret(reply, 'entry', context.secure);
      return reply.redirect('/sign-in?password=saved', 303);
    }
    if (chosen.reason === 'gone') return reply.redirect(start, 303);
    if (chosen.reason === 'busy') {
      reply.header('retry-after', String(busySeconds));
      return showPassword(request, reply, { status: 503, busy: true });
    }
    return showPassword(request, reply, { status: 422, error: chosen.reason });
  });

  const showLater =
    (
      page: (request: FastifyRequest, reply: FastifyReply) => FastifyReply,
      needsProof: boolean,
    ): TypedPage['show'] =>
    async (request, reply) => {
      const entry = await find(request);
      return entry?.proved === needsProof ? page(request, reply) : reply.redirect(start, 303);
    };
  return [
    [
      start,
      {
        fields: ['iin', 'contact'],
        secret: [],
        forHolder: false,
        show: async (request, reply, typed) =>
          showAsk(request, reply, { iin: typed['iin'] ?? '', contact: typed['contact'] ?? '' }),
      },
    ],
    [
      `${start}/confirm`,
      {
        fields: [],
        secret: ['code'],
        forHolder: false,
        show: showLater((request, reply) => showCode(request, reply, {}), false),
      },
    ],
    [
      `${start}/password`,
      {
        fields: [],
        secret: ['password', 'passwordAgain'],
        forHolder: false,
        show: showLater((request, reply) => showPassword(request, reply, {}), true),
      },
    ],
  ];
}

/** Who asks, as far as the request tells. */
function askerOf(request: FastifyRequest, proof?: string): Requester {
  const { network, device, secure } = request.context;
  const browser = readSecret(request, 'visit', secure);
  return { network, marks: readMarks(device).hashes, browser, proof };
}

/** How long the visitor waits, in the header and for the page. */
function waitFor(
  reply: FastifyReply,
  { reason, detail }: { readonly reason: 'stopped' | 'limited'; readonly detail?: string | undefined },
): { readonly status: number; readonly limitedMinutes?: string } {
  const minutes = detail ?? '1';
  reply.header('retry-after', String(Number(minutes) * 60));
  return reason === 'stopped' ? { status: 503 } : { status: 429, limitedMinutes: minutes };
}
