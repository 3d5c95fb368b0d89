import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { paths } from '../../paths.ts';
import { actorOf, sendAway } from '../../platform/http/actor.ts';
import { formIdText, formOf } from '../../platform/http/forms.ts';
import type { SendPage } from '../../platform/http/page.tsx';
import type { StandbyDeps } from '../../platform/http/reading-deps.ts';
import type { SessionSettings } from '../sign-in/settings.ts';
import { type AddressHelp, helpWithAddress } from './address-help.ts';
import type { FieldErrors } from './check.ts';
import type { DraftDeps } from './draft.ts';
import { eachField } from './fields/fields.ts';
import type { Typed } from './form.ts';
import type { FormAlert } from './form-alert.tsx';
import { holderName } from './holder-name.ts';
import { isReadOnly, RequisitesPage } from './page.tsx';
import type { SaveDeps } from './save.ts';
import type { SessionReading } from './store.ts';
import { type RequisitesView, type ViewDeps, viewRequisites } from './view.ts';

export interface RequisitesRoutesDeps
  extends SaveDeps,
    DraftDeps,
    StandbyDeps<Omit<ViewDeps, 'contactSettings'>> {
  readonly sendPage: SendPage;
  /** How often one session may ask for suggestions. */
  readonly addressLimit: { take(session: string): { ok: true } | { ok: false; retryAfter: number } };
  readonly sessionSettings: SessionSettings;
  /** Ends all sessions of a person whom the fund no longer allows in. */
  readonly endSessions: (holderId: string) => Promise<unknown>;
  /** Called when a change waits for the fund. */
  readonly onSaved: () => void;
  /** Called when messages wait in the outbox. */
  readonly onQueued: () => void;
}

export const typedShape = {
  ...eachField(() => z.string()),
  formId: formIdText,
  revision: z.string().regex(/^[0-9]{1,9}$/),
  document: z.string(),
  kazpost: z.literal('1').optional(),
};
/** Sent by the button that continues by EDS when codes are refused. */
export const sentForm = formOf({ ...typedShape, proof: z.literal('eds').optional() });

const none: FieldErrors = new Map();

/** What a shown form has in addition to what was typed. */
export interface Around {
  readonly status?: number;
  readonly errors?: FieldErrors;
  readonly message?: FormAlert;
  /** True when lines for the address were requested. */
  readonly search?: boolean;
}

/** Shows the form with what was typed. */
export async function sendForm(
  deps: RequisitesRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  view: RequisitesView,
  typed: Typed,
  { status = 200, errors = none, message, search = false }: Around = {},
): Promise<FastifyReply> {
  const { texts: t, language, csrf, session, standby } = request.context;
  const restricted = session !== undefined && session.restricted !== null;
  const help: AddressHelp = await helpWithAddress(deps, view, typed, search ? { language } : undefined);
  return deps.sendPage(request, reply, {
    title: t.requisites.heading,
    section: 'services',
    hasForm: !standby && !restricted && !isReadOnly(view, typed),
    path: paths.requisites,
    scripts: ['unsaved', 'address-suggest'],
    status,
    hasErrors: errors.size > 0,
    body: RequisitesPage({
      t,
      language,
      csrf: csrf(),
      view,
      who: { name: holderName(view.person) ?? session?.shortName ?? '', iin: actorOf(request).iin },
      typed,
      errors,
      restricted,
      onlyReads: standby !== undefined,
      maySign: session?.method === 'eds',
      help,
      message,
    }),
  });
}

/** The page's data. Undefined after a redirect of a person whom the fund no longer allows in. */
export async function viewOf(
  deps: RequisitesRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<RequisitesView | undefined> {
  const view = await viewRequisites(deps, actorOf(request), readingOf<SessionReading>(request));
  if (!view) await sendAway(deps, request, reply);
  return view;
}

/** What `readWithSession` of the route read; undefined where it is missing or too old. */
export function readingOf<Reading>({ context }: FastifyRequest): Reading | undefined {
  return context.reading as Reading | undefined;
}

/** What the fields of a form hold. */
export function readTyped(sent: z.output<ReturnType<typeof formOf<typeof typedShape>>>): Typed {
  const { formId, revision, document, kazpost } = sent;
  return { ...eachField(({ name }) => sent[name]), formId, revision, document, kazpost: kazpost === '1' };
}
