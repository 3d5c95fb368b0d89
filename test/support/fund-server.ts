import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createSecureServer, type ServerOptions } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { PersonLine } from './people.ts';

/** What the stand-in does instead of answering correctly. */
export type FundFault =
  | 'none'
  /** Answers 250 ms later. */
  | 'slow'
  /** Accepts the request and never answers. */
  | 'silent'
  /** 503. */
  | 'failing'
  /** 400. */
  | 'malformed'
  /** Cuts the connection without doing anything. */
  | 'cut-before'
  /** Applies the request, then cuts the connection, so that the answer is lost. */
  | 'cut-after'
  /** Handles the same request twice, like a message bus that delivers at least once. */
  | 'twice'
  /**
   * Handles the request, and once more after the holder's next change: a late copy, out of order.
   */
  | 'late-copy'
  /** 202: accepts a change and applies it when it is asked about. */
  | 'later'
  /** Answers with another holder than the requested one. */
  | 'wrong-person'
  /** Status 200 and half a JSON document. */
  | 'broken'
  /** An answer of 1 MB. */
  | 'huge'
  /** 302 to itself. */
  | 'redirecting'
  /**
   * Cuts a connection that was used before, like a server that has just closed an idle connection.
   */
  | 'closing-idle';

/** An answer to send. Text is sent unchanged, everything else as JSON. */
export interface OddAnswer {
  readonly status?: number;
  readonly body: unknown;
  readonly contentType?: string;
}

/** The answer that would be sent, which a test may alter. */
export interface GivenAnswer {
  readonly method: string;
  readonly path: string;
  readonly question: unknown;
  readonly status: number;
  readonly body: unknown;
}

/** What the list of applied changes has of one, beside its fields. */
interface ListedChange extends FundEffect {
  readonly madeAt: string;
  readonly at: string;
}

/** A change that took effect. Each time has its own entry, so that a repetition is noticed. */
export interface FundEffect {
  readonly changeId: string;
  readonly iin: string;
  readonly sequence: number;
  readonly fields: Readonly<Record<string, string | null>>;
}

/**
 * The fund's information system over HTTP, as docs/fund-api.yaml describes it, with invented people
 * in memory.
 */
export interface FundServer {
  readonly url: string;
  /** Every change that took effect, in order. */
  readonly effects: readonly FundEffect[];
  /** Every request so far: method, path, and the headers that say who asks and why. */
  readonly requests: readonly {
    readonly method: string;
    readonly path: string;
    readonly authorization: string | undefined;
    readonly requestId: string | undefined;
    readonly traceparent: string | undefined;
  }[];
  /** Adds a person. If the person exists, the difference becomes a change made at a branch. */
  enrol(person: PersonLine): void;
  /** When each holder last confirmed what is on file. */
  readonly confirmations: ReadonlyMap<string, string>;
  /** A person's current data on file. */
  requisitesOf(iin: string): Readonly<Record<string, string | null>> | undefined;
  /** Sets the fault for every following request, or a function that chooses it for each one. */
  behave(fault: FundFault | ((request: { method: string; path: string }) => FundFault)): void;
  /**
   * Replaces answers from now on wherever `alter` returns one: another program's answer, or that of
   * a future version.
   */
  alter(alter: ((given: GivenAnswer) => OddAnswer | undefined) | undefined): void;
  /** Refuses every following change for this reason; undefined: accepts changes again. */
  refuse(reason: string | undefined): void;
  close(): Promise<void>;
}

export interface FundServerOptions {
  readonly port?: number;
  /** The server uses TLS, and may ask for a client certificate. */
  readonly tls?: ServerOptions;
  /** False: every copy of a change takes effect. Only used to prove that a test would notice. */
  readonly idempotent?: boolean;
  /** Called with each request and its answer, to compare both with docs/fund-api.yaml. */
  readonly onExchange?: (exchange: FundExchange) => void;
  /**
   * Called when a change has arrived, and when it has taken effect but is not answered yet. The
   * answer waits for this function.
   */
  readonly onChange?: (stage: 'arrived' | 'applied', changeId: string) => void | Promise<void>;
}

export interface FundExchange {
  readonly method: string;
  readonly path: string;
  readonly question: unknown;
  readonly status: number;
  readonly answer: unknown;
}

interface OnFile {
  person: PersonLine;
  requisites: Record<string, string | null>;
  lastSequence: number;
  changesElsewhere: { revision: number; fields: Record<string, string | null> }[];
}

interface Change {
  readonly iin: string;
  readonly sequence: number;
  readonly expectedRevision: number;
  readonly madeAt: string;
  readonly fields: Readonly<Record<string, string | null>>;
}

type Reply = readonly [status: number, body: unknown];

/** Starts the stand-in on 127.0.0.1. */
export async function startFundServer(options: FundServerOptions = {}): Promise<FundServer> {
  const { idempotent = true, onChange = () => undefined } = options;
  const onFile = new Map<string, OnFile>();
  const feed: { iin: string; revision: number }[] = [];
  const applied = new Map<string, string>();
  const listed: ListedChange[] = [];
  const waiting = new Map<string, Change>();
  const refusedChanges = new Map<string, string>();
  const effects: FundEffect[] = [];
  const confirmations = new Map<string, string>();
  const requests: FundServer['requests'][number][] = [];
  let faultOf: (request: { method: string; path: string }) => FundFault = () => 'none';
  let refusal: string | undefined;
  let alterAnswer: (given: GivenAnswer) => OddAnswer | undefined = () => undefined;
  const used = new WeakSet<Socket>();
  /** By holder, the request that is repeated after their next change. */
  const lateCopies = new Map<string, () => unknown>();

  function find({ iin, afterRevision }: { iin: string; afterRevision?: number }, wrong: boolean): Reply {
    const [other] = [...onFile.keys()].filter((one) => one !== iin);
    const found = onFile.get(wrong ? (other ?? iin) : iin);
    if (!found) return [404, { error: 'unknown-holder' }];
    const { person, requisites, changesElsewhere } = found;
    const { surname, name, patronymic, language, documents, accounts, status = 'active' } = person;
    return [
      200,
      {
        ...{ iin: person.iin, surname, name, patronymic, language, status, documents, accounts, requisites },
        mobileSince: null,
        emailSince: null,
        revision: changesElsewhere.length,
        changesElsewhere:
          afterRevision === undefined
            ? []
            : changesElsewhere.filter(({ revision }) => revision > afterRevision),
      },
    ];
  }

  function apply(changeId: string, change: Change): Reply {
    const at = applied.get(changeId);
    if (at !== undefined && idempotent) return [200, { state: 'applied', at }];
    const found = onFile.get(change.iin);
    const reason = found ? refusal : 'unknown-holder';
    if (reason !== undefined || !found) {
      refusedChanges.set(changeId, reason ?? '');
      return [422, { state: 'refused', reason }];
    }
    if (found.changesElsewhere.length > change.expectedRevision) return [409, { error: 'changed-elsewhere' }];
    if (change.sequence <= found.lastSequence && idempotent) return [409, { error: 'out-of-order' }];
    Object.assign(found.requisites, change.fields);
    found.lastSequence = change.sequence;
    const effect = { changeId, iin: change.iin, sequence: change.sequence, fields: change.fields };
    effects.push(effect);
    const now = new Date().toISOString();
    listed.push({ ...effect, madeAt: change.madeAt, at: now });
    applied.set(changeId, now);
    refusedChanges.delete(changeId);
    return [200, { state: 'applied', at: now }];
  }

  function stateOf(changeId: string): Reply {
    const late = waiting.get(changeId);
    if (late) {
      waiting.delete(changeId);
      apply(changeId, late);
    }
    const at = applied.get(changeId);
    if (at !== undefined) return [200, { state: 'applied', at }];
    const reason = refusedChanges.get(changeId);
    return reason === undefined ? [404, { error: 'unknown-change' }] : [200, { state: 'refused', reason }];
  }

  function confirm({ iin, confirmedAt }: { iin: string; confirmedAt: string }): Reply {
    if (!onFile.has(iin)) return [404, { error: 'unknown-holder' }];
    const before = confirmations.get(iin);
    if (before === undefined || before < confirmedAt) confirmations.set(iin, confirmedAt);
    return [200, { state: 'noted' }];
  }

  function list(query: URLSearchParams): Reply {
    const from = Number(query.get('after') ?? 0);
    const holders = feed.slice(from, from + Number(query.get('most') ?? 100));
    return [200, { holders, cursor: String(from + holders.length) }];
  }

  function listApplied(asked: { day: string; iin?: string; after?: string; most?: number }): Reply {
    const { day, iin, after = '0', most = 100 } = asked;
    const found = listed.filter((one) => one.at.startsWith(day) && one.iin === (iin ?? one.iin));
    const end = Number(after) + most;
    return [
      200,
      { changes: found.slice(Number(after), end), cursor: end < found.length ? String(end) : null },
    ];
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const method = request.method ?? '';
    const url = new URL(request.url ?? '/', 'http://stand-in');
    const header = (name: string) => request.headers[name]?.toString();
    requests.push({
      method,
      path: request.url ?? '',
      authorization: header('authorization'),
      requestId: header('x-request-id'),
      traceparent: header('traceparent'),
    });
    const fault = faultOf({ method, path: url.pathname });
    const text = await bodyOf(request);
    if (fault === 'closing-idle' && used.has(request.socket)) return void request.socket.destroy();
    used.add(request.socket);
    if (fault === 'slow') await pause(250);
    if (fault === 'silent') return;
    if (fault === 'cut-before') return void request.socket.destroy();
    if (fault === 'failing') return answer(response, 503, { error: 'later' });
    if (fault === 'malformed') return answer(response, 400, { error: 'malformed' });
    if (fault === 'redirecting') {
      response.writeHead(302, { location: request.url ?? '/' }).end();
      return;
    }
    if (fault === 'huge') return answer(response, 200, JSON.stringify('x'.repeat(1_000_000)));
    const body: unknown = text === '' ? undefined : JSON.parse(text);
    const changeId = /^\/changes\/([0-9a-f-]{36})$/.exec(url.pathname)?.[1];
    const doIt = (): Reply => {
      if (method === 'POST' && url.pathname === '/holders/find')
        return find(body as { iin: string }, fault === 'wrong-person');
      if (method === 'POST' && url.pathname === '/holders/confirm')
        return confirm(body as { iin: string; confirmedAt: string });
      if (method === 'GET' && url.pathname === '/health') return [200, { status: 'ok' }];
      if (method === 'GET' && url.pathname === '/changes-elsewhere') return list(url.searchParams);
      if (method === 'POST' && url.pathname === '/changes-applied')
        return listApplied(body as Parameters<typeof listApplied>[0]);
      if (method === 'GET' && changeId !== undefined) return stateOf(changeId);
      if (method !== 'PUT' || changeId === undefined) return [404, { error: 'no such question' }];
      if (fault !== 'later' || applied.has(changeId)) return apply(changeId, body as Change);
      waiting.set(changeId, body as Change);
      return [202, { state: 'received' }];
    };

    const isChange = method === 'PUT' && changeId !== undefined;
    if (isChange) await onChange('arrived', changeId);
    const [status, said] = doIt();
    options.onExchange?.({ method, path: url.pathname, question: body, status, answer: said });
    if (isChange) {
      const { iin } = body as Change;
      const late = lateCopies.get(iin);
      lateCopies.delete(iin);
      late?.();
      if (fault === 'late-copy') lateCopies.set(iin, doIt);
    }
    if (fault === 'twice') doIt();
    if (isChange && status === 200) await onChange('applied', changeId);
    if (fault === 'cut-after') return void request.socket.destroy();
    if (fault === 'broken') {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(said).slice(0, 20));
      return;
    }
    const odd = alterAnswer({ method, path: url.pathname, question: body, status, body: said });
    if (odd) answer(response, odd.status ?? status, odd.body, odd.contentType);
    else answer(response, status, said);
  }

  const listener = (request: IncomingMessage, response: ServerResponse) =>
    void handle(request, response).catch(() => request.socket.destroy());
  const server = options.tls ? createSecureServer(options.tls, listener) : createServer(listener);
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `${options.tls ? 'https' : 'http'}://127.0.0.1:${port}`,
    effects,
    confirmations,
    requests,
    enrol(person) {
      const before = onFile.get(person.iin);
      if (!before) {
        const requisites = { ...person.requisites };
        onFile.set(person.iin, { person, requisites, lastSequence: 0, changesElsewhere: [] });
        return;
      }
      const fields = Object.fromEntries(
        Object.entries(person.requisites).filter(([name, value]) => before.requisites[name] !== value),
      );
      before.person = person;
      if (Object.keys(fields).length === 0) return;
      Object.assign(before.requisites, fields);
      const revision = before.changesElsewhere.push({
        revision: before.changesElsewhere.length + 1,
        fields,
      });
      feed.push({ iin: person.iin, revision });
    },
    requisitesOf: (iin) => onFile.get(iin)?.requisites,
    behave(fault) {
      faultOf = typeof fault === 'function' ? fault : () => fault;
    },
    alter(alter = () => undefined) {
      alterAnswer = alter;
    },
    refuse(reason) {
      refusal = reason;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

function answer(
  response: ServerResponse,
  status: number,
  body: unknown,
  contentType = 'application/json',
): void {
  const sent = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
  response.writeHead(status, { 'content-type': contentType }).end(sent);
}
