import type { FastifyRequest } from 'fastify';
import { expect, test } from 'vitest';
import { noteOutcome } from './outcome.ts';

const fresh = () => ({ outcome: undefined }) as FastifyRequest;

test('a result is noted by its name', async () => {
  const request = fresh();
  const result = await noteOutcome(
    request,
    'confirm',
    async () => ({ kind: 'saved' }),
    ({ kind }) => kind,
  );
  expect(result).toEqual({ kind: 'saved' });
  expect(request.outcome).toEqual({ action: 'confirm', outcome: 'saved' });
});

test('an exception is noted as an error, and goes on', async () => {
  const request = fresh();
  const failing = noteOutcome(
    request,
    'save',
    () => Promise.reject(new Error('the database is away')),
    () => 'never',
  );
  await expect(failing).rejects.toThrow('the database is away');
  expect(request.outcome).toEqual({ action: 'save', outcome: 'error' });
});
