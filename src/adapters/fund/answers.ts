import { z } from 'zod';
import { fundRefusals } from '../../modules/requisites/fund-refusals.ts';
import type { FundHolder } from '../../modules/requisites/ports.ts';
import type { Iin } from '../../modules/sign-in/iin.ts';
import { accountShape, documentShape, filled, optional, requisitesShape } from './shapes.ts';

/** The answers of docs/fund-api.yaml. What is not named here is ignored; what is named must have its shape. */

const iin = z
  .string()
  .regex(/^[0-9]{12}$/)
  .transform((text) => text as Iin);
const revision = z.int().min(0).max(2_147_483_647);
const moment = z.iso.datetime({ offset: true }).transform((text) => new Date(text));

/** The requisites of one change: only those named are changed. */
const fields = z.object(
  Object.fromEntries(
    Object.entries(requisitesShape).map(([name]) => [name, z.string().nullable().optional()]),
  ),
);

export const holderAnswer = z
  .object({
    iin,
    surname: filled,
    name: filled,
    patronymic: optional,
    status: z.enum(['active', 'blocked', 'deceased']),
    documents: z.array(z.object(documentShape)).max(100),
    accounts: z.array(z.object(accountShape)).max(100),
    requisites: z.object(requisitesShape),
    mobileSince: moment.nullable(),
    emailSince: moment.nullable(),
    revision,
    changesElsewhere: z.array(z.object({ revision, fields })).max(10_000),
  })
  .transform(
    ({ revision: elsewhereVersion, changesElsewhere, ...person }): FundHolder => ({
      ...person,
      elsewhereVersion,
      changesElsewhere: changesElsewhere.map(({ revision: version, fields: changed }) => ({
        version,
        fields: changed,
      })),
    }),
  );

export const appliedAnswer = z
  .object({ state: z.literal('applied'), at: moment })
  .transform(({ at }) => ({ kind: 'applied' as const, at }));
export const receivedAnswer = z
  .object({ state: z.literal('received') })
  .transform(() => ({ kind: 'received' as const }));
export const refusedAnswer = z
  .object({ state: z.literal('refused'), reason: z.string() })
  .transform(({ reason }) => ({
    kind: 'refused' as const,
    reason: fundRefusals.find((one) => one === reason) ?? 'other',
  }));
export const stateAnswer = z.union([appliedAnswer, receivedAnswer, refusedAnswer]);
export const conflictAnswer = z
  .object({ error: z.enum(['changed-elsewhere', 'out-of-order']) })
  .transform(({ error }) => ({ kind: error }));
export const missingAnswer = z.object({ error: z.enum(['unknown-holder', 'unknown-change']) });
export const elsewhereAnswer = z.object({
  holders: z
    .array(z.object({ iin, revision }).transform((one) => ({ iin: one.iin, version: one.revision })))
    .max(500),
  cursor: z.string().max(100).nullable(),
});
