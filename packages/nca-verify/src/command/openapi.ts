/** The description of the service that `nca-verify serve` offers. */
import { REQUIREMENTS } from '../signer.ts';
import { REASONS } from '../verdict.ts';

const base64 = { type: 'string', contentEncoding: 'base64' };
const verdict = {
  type: 'object',
  required: ['ok', 'reason'],
  properties: {
    ok: { type: 'boolean', description: 'Decide by this alone.' },
    reason: { enum: [...REASONS, null] },
    detail: { type: 'string', description: 'English, for a log; nothing personal.' },
    signer: { type: ['object', 'null'], description: 'From the verified certificate; `proven` is true.' },
    signedAt: { type: ['string', 'null'], format: 'date-time', description: 'By the signer’s clock.' },
    content: { ...base64, description: 'The bytes that were signed.' },
    revocation: { type: 'object' },
    trustedTime: {
      type: 'string',
      format: 'date-time',
      description: 'With `at` time-stamp: when the signature existed at the latest.',
    },
    timeStamps: { type: 'array', description: 'With `at` time-stamp: a verdict for each.' },
    claims: { type: 'array', description: 'On a refusal: whom the certificates name, unproven.' },
    verdicts: { type: 'array', description: 'With `all`: one for each signer.' },
  },
};

function answer(description: string, schema: object): object {
  return { description, content: { 'application/json': { schema } } };
}

const error = { type: 'object', required: ['error'], properties: { error: { type: 'string' } } };

export const OPENAPI = {
  openapi: '3.1.0',
  info: {
    title: 'nca-verify',
    version: '1',
    description: 'Verifies signatures of Kazakhstan’s National Certification Authority.',
  },
  paths: {
    '/verify': {
      post: {
        operationId: 'verify',
        requestBody: {
          required: true,
          content: {
            'application/json': {
              schema: {
                type: 'object',
                required: ['message'],
                additionalProperties: false,
                properties: {
                  message: { type: 'string', description: 'The CMS message: PEM, or base64 of DER.' },
                  content: { ...base64, description: 'The bytes that should have been signed.' },
                  at: {
                    type: 'string',
                    description: 'A time in RFC 3339, or time-stamp. Now, unless given.',
                  },
                  require: { enum: [...REQUIREMENTS] },
                  revocation: { enum: ['check', 'skip'], default: 'check' },
                  ocsp: {
                    type: 'object',
                    required: ['response'],
                    additionalProperties: false,
                    properties: { response: base64, nonce: base64 },
                  },
                  all: { type: 'boolean', default: false, description: 'Judge every signer.' },
                  claims: { type: 'boolean', default: false },
                },
              },
            },
          },
        },
        responses: {
          200: answer('A verdict, accepted or refused.', verdict),
          400: answer('The request is wrong; there is no verdict.', error),
          413: answer('The request is too large.', error),
          415: answer('The request is not JSON.', error),
          503: answer('Too much to do; try again later. There is no verdict.', error),
        },
      },
    },
    '/openapi.json': { get: { responses: { 200: { description: 'This description.' } } } },
  },
} as const;
