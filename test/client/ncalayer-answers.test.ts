import { describe, expect, test } from 'vitest';
import { isAnswer, isGreeting, readSignature, readStorage } from '../../src/client/ncalayer/answers.ts';

// What NCALayer and its relatives answer, as recorded from them, and what the page makes of it.

describe('a signature', () => {
  test.each<[string, object]>([
    ['basics', { status: true, body: { result: 'MII=' } }],
    ['basics, a list of one', { status: true, body: { result: ['MII='] } }],
    ['basics with a code', { status: true, code: 'OK', message: '', body: { result: 'MII=' } }],
    ['basics of an older relative', { status: true, responseObject: 'MII=' }],
    ['commonUtils', { code: '200', responseObject: 'MII=' }],
    ['commonUtils with a number and a uuid', { code: 200, message: '', responseObject: 'MII=', uuid: '1' }],
    ['commonUtils, a list of one', { code: '200', responseObject: ['MII='] }],
  ])('%s', (_what, answer) => {
    expect(isAnswer(answer)).toBe(true);
    expect(readSignature(answer)).toEqual({ kind: 'signed', signature: 'MII=' });
  });
});

describe('no signature', () => {
  test.each<[string, object]>([
    ['cancelled', { status: true, body: {} }],
    ['cancelled', { status: true, body: { result: null } }],
    ['cancelled', { status: true, body: { result: [] } }],
    ['cancelled', { status: true, body: { result: '' } }],
    ['cancelled', { code: '500', message: 'action.canceled' }],
    ['cancelled', { code: '500', message: 'action.cancelled' }],
    ['cancelled', { status: false, code: 'USER_CANCELED', message: 'x' }],
    ['cancelled', { status: false, code: 'CANCELLED_BY_USER' }],
    ['cancelled', { status: false, message: 'Операция отменена пользователем' }],
    ['cancelled', { success: false, errorCode: 'CANCELED' }],
    ['unknownModule', { success: false, errorCode: 'MODULE_NOT_FOUND' }],
    ['unknownModule', { status: false, code: 'MODULE_NOT_FOUND', message: 'Unknown module' }],
    ['unknownModule', { status: false, code: 'UNKNOWN_METHOD' }],
    ['unknownModule', { code: '500', message: 'java.lang.NoSuchMethodException: createCAdESFromBase64' }],
    ['failed', { status: false, code: 'INVOCATION_ERROR', details: 'org.json.JSONException: x' }],
    ['failed', { status: false, code: 'SIGNING_FAILURE', message: '<img src=x onerror=alert(1)>' }],
    ['failed', { code: '500', message: 'java.lang.IllegalArgumentException: argument type mismatch' }],
    ['failed', { success: false, code: 'COMMON_JSON_WRAPPING_EXCEPTION' }],
    ['failed', { status: 'true', body: { result: 'MII=' } }],
    ['unreadable', { status: true }],
    ['unreadable', { status: true, body: 'MII=' }],
    ['unreadable', { code: '200' }],
    ['unreadable', { status: true, body: { result: ['MII=', 'MII='] } }],
    ['unreadable', { status: true, body: { result: [['MII=']] } }],
    ['unreadable', { status: true, body: { result: { signatures: ['MII='] } } }],
    ['unreadable', { status: true, body: { result: 7 } }],
  ])('%s: %j', (kind, answer) => {
    expect(isAnswer(answer)).toBe(true);
    expect(readSignature(answer)).toEqual({ kind });
  });
});

test('keep-alives and greetings are no answers', () => {
  for (const message of [{}, [], { result: { version: '1.4' } }, { uuid: '1' }])
    expect(isAnswer(message)).toBe(false);
  expect(isGreeting({ result: { version: '1.4' } })).toBe(true);
  for (const message of [{}, [], { status: true, body: {} }]) expect(isGreeting(message)).toBe(false);
});

test.each<[object, string | undefined]>([
  [{ code: '200', responseObject: [] }, 'PKCS12'],
  [{ code: '200', responseObject: ['AKKaztokenStore', 'AKKZIDCardStore'] }, 'AKKaztokenStore'],
  [{ code: '200', responseObject: 'AKKaztokenStore' }, 'PKCS12'],
  [{ code: '500', message: 'x' }, 'PKCS12'],
  [{ success: false, errorCode: 'MODULE_NOT_FOUND' }, undefined],
])('%j: the key is looked for in %s', (answer, storage) => {
  expect(readStorage(answer)).toBe(storage);
});
