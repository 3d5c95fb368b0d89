import autocannon from 'autocannon';
import type { LocalPostgres } from 'local-postgres';
import { parse } from 'node-html-parser';
import { request } from 'undici';
import { type Core, coreNote, withCores } from './cores.ts';
import { withOwnPostgres } from './own-postgres.ts';
import { preparePeers } from './peers.ts';
import { percentile, type Row } from './row.ts';
import {
  Client,
  type MeasuredService,
  peopleWhoSave,
  startMeasured,
  startProcess,
  urlOf,
} from './service.ts';

/** Rounds in which all pages are asked in turn, so that other load falls on each of them. */
const rounds = 5;
/** Requests to each page before the first round: a service that runs for days is compiled. */
const warmUp = 4_000;
const seconds = 2;
const requisites = '/services/requisites';
/** The goals for the ratios. */
const most = { requisites: 0.25, start: 1.5 };

/** A page of one of the servers, and what its requests cost in each round. */
interface Target {
  readonly name: string;
  readonly server: MeasuredService;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly costs: Cost[];
}

interface Cost {
  /** CPU time of the server's process, µs for each request. */
  readonly cpu: number;
  readonly perSecond: number;
  readonly p99: number;
  readonly bytes: number;
}

/**
 * CPU time of our requisites page and our start page, beside the same page of the usual stack
 * (`peers/express.mjs`) and a bare one (`peers/bare.jsx`). All are asked in turn in one run.
 */
export function bench(): Promise<Row[]> {
  return withCores((core) => withOwnPostgres('pages', {}, (postgres) => compareOn(postgres, core)));
}

async function compareOn(postgres: LocalPostgres, core: Core): Promise<Row[]> {
  const peers = await preparePeers();
  const { connection } = postgres;
  const database = { DATABASE_URL: urlOf(connection), DATABASE_PREPARED: '1', SECRET_KEYS: 'k'.repeat(32) };
  const servers: MeasuredService[] = [];
  try {
    const start = async (starting: Promise<MeasuredService>) => {
      const server = await starting;
      servers.push(server);
      return server;
    };
    const ours = await start(startMeasured(database, core));
    const production = { NODE_ENV: 'production', DATABASE_URL: urlOf(connection) };
    const express = await start(startProcess(peers.express, production, core));
    const bare = await start(startProcess(peers.bare, production, core));
    const [person] = await peopleWhoSave();
    if (!person) throw new Error('no demonstration people');
    const guest = new Client(ours.origin);
    await guest.get('/');
    const holder = new Client(ours.origin);
    await holder.signIn(person);
    const user = new Client(express.origin);
    await user.get('/sign-in');
    const target = (
      name: string,
      server: MeasuredService,
      path: string,
      cookie: string,
      encoding: string,
    ) => ({
      name,
      server,
      path,
      headers: { cookie, 'accept-encoding': encoding },
      costs: [],
    });
    const targets = {
      ours: target('requisites page, br', ours, requisites, holder.cookieHeader, 'br'),
      express: target('Express, br', express, requisites, user.cookieHeader, 'br'),
      oursPlain: target('requisites page, not compressed', ours, requisites, holder.cookieHeader, 'identity'),
      expressPlain: target('Express, not compressed', express, requisites, user.cookieHeader, 'identity'),
      start: target('start page, br', ours, '/', guest.cookieHeader, 'br'),
      bare: target('bare Fastify, not compressed', bare, requisites, '', 'identity'),
    } satisfies Record<string, Target>;
    await measure(Object.values(targets));
    return [
      ...Object.values(targets).flatMap((one) => rowsOf(one, core)),
      ratio('requisites page / Express, br', targets.ours, targets.express, most.requisites),
      ratio('requisites page / Express, not compressed', targets.oursPlain, targets.expressPlain),
      ratio('start page, br / bare Fastify', targets.start, targets.bare, most.start),
      ...(await firstLoads(guest, holder)),
    ];
  } finally {
    for (const server of servers) await server.close();
  }
}

/** Eight connections in a closed loop. */
async function measure(targets: readonly Target[]): Promise<void> {
  for (const target of targets) await ask(target, { amount: warmUp });
  for (let round = 1; round <= rounds; round++) {
    for (const target of targets) target.costs.push(await ask(target, { duration: seconds }));
    console.log(`  round ${round} of ${rounds}`);
  }
}

async function ask(
  { server, path, headers }: Target,
  size: { readonly amount: number } | { readonly duration: number },
): Promise<Cost> {
  const before = await server.usage();
  const result = await autocannon({ url: server.origin + path, connections: 8, headers, ...size });
  const after = await server.usage();
  const answered = result['2xx'];
  if (answered === 0 || result.non2xx > 0) throw new Error(`${path}: ${result.non2xx} answers were not 200`);
  return {
    cpu: (after.cpu - before.cpu) / answered,
    perSecond: answered / result.duration,
    p99: result.latency.p99,
    bytes: result.throughput.total / answered,
  };
}

const median = (values: readonly number[]): number => percentile(values, 0.5);

function rowsOf({ name, costs }: Target, core: Core): Row[] {
  const of = (what: keyof Cost) => median(costs.map((cost) => cost[what]));
  return [
    {
      name: `${name}: CPU`,
      value: of('cpu'),
      unit: 'µs/request',
      note: `${(of('bytes') / 1_000).toFixed(1)} KB with headers; ${coreNote(core)}`,
    },
    {
      name: `${name}: answers`,
      value: of('perSecond'),
      unit: '1/s',
      note: `8 connections, p99 ${of('p99')} ms`,
    },
  ];
}

function ratio(name: string, one: Target, other: Target, goal?: number): Row {
  const ratios = one.costs.map(({ cpu }, round) => cpu / (other.costs[round]?.cpu ?? Number.NaN));
  const spread = `${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)} in ${rounds} rounds`;
  return {
    name,
    value: median(ratios),
    unit: '×',
    note: goal === undefined ? spread : `${spread}; at most ${goal}`,
  };
}

async function firstLoads(guest: Client, holder: Client): Promise<Row[]> {
  return [
    {
      name: 'start page: first load',
      value: await weigh(guest, '/'),
      unit: 'bytes',
      note: 'brotli, HTML + CSS + scripts; at most 9,216',
    },
    {
      name: 'requisites page: first load',
      value: await weigh(holder, requisites),
      unit: 'bytes',
      note: 'brotli; at most 30,720',
    },
  ];
}

/** What a browser receives for the page and for everything it loads, in bytes with Brotli. */
async function weigh(client: Client, path: string): Promise<number> {
  const { html } = await client.get(path);
  const links = parse(html)
    .querySelectorAll('link[href], script[src], img[src]')
    .map((element) => element.getAttribute('href') ?? element.getAttribute('src') ?? '');
  const headers = { cookie: client.cookieHeader, 'accept-encoding': 'br' };
  const sizes = await Promise.all(
    [path, ...links].map(async (address) => {
      const { body } = await request(client.origin + address, { headers });
      return (await body.arrayBuffer()).byteLength;
    }),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
