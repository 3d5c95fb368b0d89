import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  cmsPem,
  createTestAuthority,
  type Identity,
  type IssueOptions,
  signCms,
  type TestAuthority,
} from 'nca-verify/testing';
import type { PersonLine } from './people.ts';

/** A certification authority for one test file. The service uses its certificates and lists. */
export interface TestNca {
  /** Settings with which the service trusts it. */
  readonly environment: Readonly<Record<string, string>>;
  /** A key for a person; `rsa` uses the RSA chain. */
  key(person: Who, options?: IssueOptions & { readonly rsa?: boolean }): Identity;
  revoke(identity: Identity): void;
  /** A time-stamp about these bytes. */
  timeStamp: TestAuthority['timeStamp'];
  /** The answer of its OCSP responder. */
  answerOcsp(question: Buffer): Uint8Array;
  /** The answer of its time-stamp authority. */
  answerTimeStamp(question: Buffer): Uint8Array;
  /** Starts the authority's responder for GOST keys, which counts its requests. */
  startResponder(): Promise<{ readonly url: string; asked(): number; close(): Promise<void> }>;
  close(): void;
}

type Who = Pick<PersonLine, 'iin' | 'surname' | 'name'>;

const day = 86_400_000;

/** Makes both chains. Lists are valid for a day. */
export function openTestNca(): TestNca {
  const folder = mkdtempSync(join(tmpdir(), 'kabinet-eds-'));
  const at = new Date();
  const gost = createTestAuthority({ at, name: 'TEST' });
  const rsa = createTestAuthority({ at, name: 'TEST', family: 'rsa' });
  const revoked: Identity[] = [];
  const issued: Identity[] = [];
  let lists = 0;
  let asked = 0;
  const write = (name: string, bytes: Uint8Array) => writeFileSync(join(folder, name), bytes);
  const writeLists = (): void => {
    lists += 1;
    const form = { thisUpdate: new Date(Date.now() - 1_000), number: lists };
    const entries = revoked.map(({ certificate }) => ({ certificate, at: new Date(Date.now() - 1_000) }));
    write('gost.crl', gost.crl(entries, form));
    write('rsa.crl', rsa.crl([], form));
  };
  for (const [name, of] of Object.entries({ gost, rsa })) {
    for (const [index, der] of of.certificates.entries()) write(`${name}${index}.cer`, der);
  }
  writeLists();
  return {
    // Tests must not wait, so the folder is checked for each signature.
    environment: { EDS_TRUST: folder, EDS_CRL_DIR: folder, EDS_FOLDER_SECONDS: '0' },
    key(person, { rsa: byRsa = false, ...options } = {}) {
      const of: TestAuthority = byRsa ? rsa : gost;
      const identity = of.issue(person, { notBefore: new Date(Date.now() - day), ...options });
      issued.push(identity);
      return identity;
    },
    timeStamp: gost.timeStamp,
    revoke(identity) {
      revoked.push(identity);
      writeLists();
    },
    answerOcsp(question) {
      asked += 1;
      const certificates = (of: readonly Identity[]) => of.map(({ certificate }) => certificate);
      const good = issued.filter((identity) => !revoked.includes(identity));
      return gost.answerOcsp(question, certificates(good), certificates(revoked), new Date());
    },
    answerTimeStamp: (question) => gost.answerTimeStamp(question, new Date()),
    async startResponder() {
      const from = asked;
      return { ...(await holdingResponder(this)), asked: () => asked - from };
    },
    close: () => rmSync(folder, { recursive: true }),
  };
}

/** Signs what a challenge asks for, as NCALayer does. */
export function signChallenge(identity: Identity, data: string): string {
  return cmsPem(signCms(identity, Buffer.from(data, 'base64'), { signingTime: new Date() }));
}

/** The authority's responder, which can be told to hold back its answers or to fail. */
export async function holdingResponder(nca: Pick<TestNca, 'answerOcsp'>): Promise<{
  readonly url: string;
  hold(): void;
  release(): void;
  fail(how: boolean): void;
  close(): Promise<void>;
}> {
  let failing = false;
  let held: (() => void)[] | undefined;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      if (failing) {
        response.writeHead(500).end();
        return;
      }
      const answer = () =>
        response
          .writeHead(200, { 'content-type': 'application/ocsp-response' })
          .end(nca.answerOcsp(Buffer.concat(chunks)));
      if (held) held.push(answer);
      else answer();
    });
  });
  return {
    ...(await listen(server)),
    hold() {
      held = [];
    },
    release() {
      for (const answer of held ?? []) answer();
      held = undefined;
    },
    fail(how) {
      failing = how;
    },
  };
}

/** The authority's time-stamps. What it does with a question can be changed. */
export async function startTimeStamps(nca: Pick<TestNca, 'answerTimeStamp'>): Promise<{
  readonly url: string;
  /** Every question so far. */
  readonly questions: readonly Buffer[];
  /** Answers in another way, or fails with a status; undefined answers rightly again. */
  answerBy(other: ((question: Buffer) => Uint8Array | number) | undefined): void;
  close(): Promise<void>;
}> {
  const questions: Buffer[] = [];
  let answer: (question: Buffer) => Uint8Array | number = nca.answerTimeStamp;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const question = Buffer.concat(chunks);
      questions.push(question);
      const given =
        request.headers['content-type'] === 'application/timestamp-query' ? answer(question) : 415;
      if (typeof given === 'number') response.writeHead(given).end();
      else response.writeHead(200, { 'content-type': 'application/timestamp-reply' }).end(given);
    });
  });
  return {
    ...(await listen(server)),
    questions,
    answerBy(other) {
      answer = other ?? nca.answerTimeStamp;
    },
  };
}

/** A responder that never gives a usable answer. */
export async function brokenResponder(how: 'error' | 'garbage' | 'silence'): Promise<{
  readonly url: string;
  close(): Promise<void>;
}> {
  const server = createServer((request, response) => {
    request.resume();
    if (how === 'error') response.writeHead(500).end();
    else if (how === 'garbage')
      response.writeHead(200, { 'content-type': 'application/ocsp-response' }).end('<html>');
  });
  return listen(server);
}

async function listen(server: Server): Promise<{ readonly url: string; close(): Promise<void> }> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
