import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { fields } from '../../src/features/requisites/fields/fields.ts';
import { createHttpFund } from '../../src/fund/http/http.ts';
import { faultLine } from '../../src/fund/http/reading.ts';
import type { Iin } from '../../src/values/iin.ts';
import {
  answerExamples,
  fundSchema,
  membersOf,
  questionExamples,
  schemaExamples,
  serveExample,
} from '../support/fund-api.ts';

// The builders of the fund's side start from the examples of docs/fund-api.yaml. The examples must
// be valid, and the cabinet must be able to read them.

const judge = (schema: string, value: unknown) => {
  const validate = fundSchema(schema);
  return validate ? validate(value) : `${schema} is not there`;
};

describe('the examples', () => {
  test.each(schemaExamples)('of the schema $name match it', ({ schema, examples }) => {
    expect(examples.length).toBeGreaterThan(0);
    expect(examples.map((value) => judge(schema, value))).toEqual(examples.map(() => undefined));
  });

  test.each([...questionExamples, ...answerExamples])('$name matches its schema', ({ schema, value }) => {
    expect(judge(schema, value)).toBeUndefined();
  });

  test('a planted fault is found', () => {
    expect(judge('/components/schemas/Holder', { iin: '1' })).toContain('required');
    expect(judge('/components/schemas/Fields', { colour: 'green' })).toContain('additional');
    expect(judge('/components/schemas/Nothing', {})).toContain('not there');
  });
});

test.each(['Requisites', 'Fields'])('%s describes every field of the form, and no other', (schema) => {
  expect([...membersOf(schema)].sort()).toEqual(fields.map(({ name }) => name).sort());
});

const iin = '900101300007' as Iin;
const change = {
  ...{ changeId: randomUUID(), iin, sequence: 1, expectedVersion: 4, madeAt: new Date() },
  fields: { apartment: '7' },
};

const at = new Date('2026-11-28T09:15:04Z');

type Fund = ReturnType<typeof createHttpFund>;
/** How the cabinet makes each request. It has no code for the one that operators make. */
const asking: Readonly<Record<string, (fund: Fund) => Promise<unknown>>> = {
  'POST /changes-applied': (fund) => fund.appliedChanges({ day: '2026-11-28' }, null, 100),
  'POST /holders/find': (fund) => fund.read(iin, 3),
  'POST /holders/confirm': (fund) => fund.confirm(iin, at),
  'PUT /changes/{changeId}': (fund) => fund.apply(change),
  'GET /changes/{changeId}': (fund) => fund.findChange(change.changeId),
  'GET /changes-elsewhere': (fund) => fund.changesElsewhere(null, 100),
  'GET /health': (fund) => fund.checkHealth(),
};

const tellsOperator = { code: 'FUND_HTTP_400' };

/**
 * What the cabinet reads from each answer. An answer that is not listed gives it nothing, and it
 * asks again.
 */
const understood: Readonly<Record<string, unknown>> = {
  'POST /holders/find 200 full': expect.objectContaining({
    ...{ iin, surname: 'Серікбаев', patronymic: 'Нұрланұлы', status: 'active', elsewhereVersion: 4 },
    documents: [expect.objectContaining({ type: 'identity-card' }), expect.objectContaining({ series: 'N' })],
    accounts: [expect.objectContaining({ kind: 'opv' }), expect.objectContaining({ notification: null })],
    requisites: expect.objectContaining({ contactPhone: '+77272505678;ext=12' }),
    emailSince: new Date('2026-01-15T08:30:00Z'),
    changesElsewhere: [expect.objectContaining({ version: 4 })],
  }),
  'POST /holders/find 200 sparse': expect.objectContaining({
    ...{ iin, surname: '', elsewhereVersion: 0, accounts: [], changesElsewhere: [] },
    documents: [expect.objectContaining({ validUntil: null, issuedOn: null, issuedBy: null })],
  }),
  'POST /holders/find 404': undefined,
  'POST /holders/confirm 200': undefined,
  'POST /holders/confirm 404 question': undefined,
  'PUT /changes/{changeId} 200': { kind: 'applied', at },
  'PUT /changes/{changeId} 202': { kind: 'received' },
  'PUT /changes/{changeId} 409 elsewhere': { kind: 'changed-elsewhere' },
  'PUT /changes/{changeId} 409 order': { kind: 'out-of-order' },
  'PUT /changes/{changeId} 422 value': { kind: 'refused', reason: 'value-not-accepted' },
  'PUT /changes/{changeId} 422 holder': { kind: 'refused', reason: 'unknown-holder' },
  'GET /changes/{changeId} 200 applied': { kind: 'applied', at },
  'GET /changes/{changeId} 200 received': { kind: 'received' },
  'GET /changes/{changeId} 200 refused': { kind: 'refused', reason: 'holder-not-active' },
  'GET /changes/{changeId} 404': undefined,
  'GET /changes-elsewhere 200 some': { holders: [{ iin, version: 4 }], cursor: '184468' },
  'GET /changes-elsewhere 200 none': { holders: [], cursor: '184468' },
  'GET /changes-elsewhere 410': { holders: [], cursor: null },
  'POST /changes-applied 200 some': {
    changes: [
      {
        ...{ changeId: '2f1f6a0e-7c1b-4a53-9a53-0f6f8f1f2a10', iin, sequence: 1203, appliedAt: at },
        ...{ madeAt: new Date('2026-11-28T09:15:00Z'), fields: { apartment: null, postcode: 'X10A0A0' } },
      },
    ],
    ...{ unread: 0, cursor: null },
  },
  'POST /changes-applied 200 none': { changes: [], unread: 0, cursor: null },
  'POST /changes-applied 404': undefined,
  'GET /health 200': 'works',
  'GET /health 404': 'reached',
};

describe('a server that answers with the examples', () => {
  const asked = answerExamples.filter(({ operation }) => operation !== 'GET /changes');

  test('receives every request that is described', () => {
    expect([...new Set(asked.map(({ operation }) => operation))].sort()).toEqual(Object.keys(asking).sort());
    const names = asked.map(({ name }) => name);
    expect(Object.keys(understood).filter((name) => !names.includes(name))).toEqual([]);
  });

  test.each(asked)('$name: is understood', async (example) => {
    const server = await serveExample(example);
    const faults: string[] = [];
    const fund = createHttpFund(
      { url: server.url, atOnce: 1 },
      { onFaults: (found) => faults.push(...found.map(faultLine)) },
    );
    const { name, operation, status } = example;
    const answer = asking[operation]?.(fund);
    if (name in understood) {
      expect(await answer).toEqual(understood[name]);
      expect(faults).toEqual(name.endsWith('410') ? ['cursor: unknown'] : []);
    } else {
      const sends = operation.startsWith('PUT') || operation === 'POST /holders/confirm';
      const isUnknown = name === 'POST /holders/confirm 404 holder';
      const final = (sends && status === 400) || isUnknown;
      await expect(answer).rejects.toMatchObject({
        name: final ? 'Undeliverable' : 'FundUnavailable',
        ...(isUnknown ? { code: 'unknown-holder' } : final ? tellsOperator : { code: `FUND_HTTP_${status}` }),
      });
    }
    await fund.close();
    await server.close();
  });
});
