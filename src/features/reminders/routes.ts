import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { paths } from '../../paths.ts';
import { actorOf } from '../../platform/http/actor.ts';
import { formOf, parse } from '../../platform/http/forms.ts';
import { problem } from '../../platform/http/problem.ts';
import { sessionOf } from '../../platform/http/request-context.ts';
import type { Queryable } from '../../platform/postgres/database.ts';
import { formatDate } from '../../texts/dates.ts';
import { fill } from '../../texts/texts.ts';
import { calendarFile } from './calendar.ts';
import { reminderKinds } from './kinds.ts';
import { findEnd, switchReminder } from './store.ts';

export interface ReminderRoutesDeps {
  readonly database: Queryable;
  /** The origin that people see. */
  readonly origin: string;
}

const kind = z.enum(reminderKinds);
const switchForm = formOf({ kind, on: z.enum(['0', '1']) });

/** The switches of `/security`, and the entries for a calendar. */
export function reminderRoutes(server: FastifyInstance, deps: ReminderRoutesDeps): void {
  server.post(
    paths.switchReminder,
    { config: { access: 'holder', backTo: paths.security } },
    (request, reply) => postSwitch(deps, request, reply),
  );
  server.get(paths.calendar, { config: { access: 'holder' } }, (request, reply) =>
    showCalendar(deps, request, reply),
  );
}

async function postSwitch(
  { database }: ReminderRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const sent = parse(switchForm, request.body);
  await switchReminder(database, actorOf(request), sent.kind, sent.on === '1');
  return reply.redirect(`${paths.security}?done=reminded`, 303);
}

const calendarParams = z.object({ kind });

/** @throws Problem 404 when nothing of the kind ends */
async function showCalendar(
  { database, origin }: ReminderRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { data: params } = calendarParams.safeParse(request.params);
  const day = params && (await findEnd(database, sessionOf(request).holderId, params.kind));
  if (!params || day === undefined) throw problem(404);
  const { ends, layout } = request.context.texts;
  const { title, help } = ends[params.kind];
  const file = calendarFile({
    name: `${params.kind}-${day}@${new URL(origin).hostname}`,
    day,
    title: fill(title, { day: formatDate(day) }),
    text: `${layout.cabinet}. ${help}`,
    now: new Date(),
  });
  return reply
    .type('text/calendar; charset=utf-8')
    .header('content-disposition', `attachment; filename="${params.kind}.ics"`)
    .send(file);
}
