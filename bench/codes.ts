import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { startBundledPostgres } from '../src/bundled-postgres.ts';
import { renewCode } from '../src/features/codes/store.ts';
import { messageQueues } from '../src/features/notices/queues.ts';
import { createAbsentSender } from '../src/features/notices/sender.ts';
import { enqueueMessages } from '../src/features/notices/store.ts';
import { createMessageSender, defaultGatewayLimits } from '../src/gateways/message-sender.ts';
import { createSmsReceipts } from '../src/gateways/smpp/receipt-store.ts';
import { createSmppGateway } from '../src/gateways/smpp/smpp.ts';
import { createKeys } from '../src/platform/keys.ts';
import { startDispatcher } from '../src/platform/outbox/dispatcher.ts';
import { type Database, openDatabase } from '../src/platform/postgres/database.ts';
import { migrate } from '../src/platform/postgres/migrate.ts';
import { sql } from '../src/platform/postgres/sql.ts';
import { settings } from '../test/support/settings.ts';
import { type SmppStandIn, smppAccount, startSmppServer } from '../test/support/smpp-stand-in.ts';
import { percentile, type Row } from './row.ts';

const notices = 100_000;
const codes = 300;
const drainSeconds = 5;

/**
 * The time from the COMMIT that queues a code to its arrival at an SMPP server on this machine,
 * while 100,000 notices wait for the same gateway. Measured once when the process that queued it
 * wakes the worker, and once when another process finds it.
 */
export async function bench(): Promise<Row[]> {
  const folder = await mkdtemp(join(tmpdir(), 'kabinet-bench-'));
  await chmod(folder, 0o711);
  const server = await startBundledPostgres({
    varDir: folder,
    log: { info: () => undefined, warn: () => undefined },
  });
  const database = openDatabase(server.connection);
  try {
    await migrate(server.connection, { info: () => undefined });
    const holderId = await queueNotices(database);
    const own = await handOver(database, holderId, 30, true);
    const other = await handOver(database, holderId, 30, false);
    const drained = await drain(database);
    const note = `${notices.toLocaleString('en')} notices queued, the gateway takes 30 SMS a second`;
    return [
      ...figures('code to the gateway, same process', own, note),
      ...figures('code to the gateway, another process', other, 'looks every 500 ms'),
      {
        name: 'notices handed over',
        value: drained,
        unit: '1/s',
        note: 'one process, a gateway without a limit',
      },
    ];
  } finally {
    await database.close();
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

function figures(name: string, took: readonly number[], note: string): Row[] {
  return [
    { name: `${name}: p50`, value: percentile(took, 0.5), unit: 'ms', note },
    { name: `${name}: p99`, value: percentile(took, 0.99), unit: 'ms', note: `of ${took.length}` },
    { name: `${name}: worst`, value: Math.max(...took), unit: 'ms', note: 'must be under 2,000' },
  ];
}

async function queueNotices(database: Database): Promise<string> {
  const holder = await database.first<{ holderId: string }>(
    sql`insert into cabinet.holder (iin) values ('900101300007') returning holder_id as "holderId"`,
  );
  const holderId = holder?.holderId ?? '';
  for (let queued = 0; queued < notices; queued += 10_000) {
    await database.run(sql`
      insert into cabinet.outbox (holder_id, lane, payload)
      select ${holderId}::uuid, 'notice', jsonb_build_object('kind', 'many-failures', 'channel', 'mobile', 'language', 'kk',
        'to', '+77015550001', 'at', '2026-11-22T19:31:00.000Z') from generate_series(1, 10000)`);
  }
  return holderId;
}

/** A worker with an SMPP server that accepts so many messages a second. */
async function startWorker(database: Database, perSecond: number, lanes: readonly string[]) {
  const gateway = await startSmppServer();
  const { user, password } = smppAccount;
  const url = new URL(`smpp://${user}:${encodeURIComponent(password)}@127.0.0.1:${gateway.port}`);
  const onError = (error: Error) => console.error(error);
  const mobile = createMessageSender(
    (lost) =>
      createSmppGateway({ url, sender: 'ENPF' }, { receipts: createSmsReceipts(database), lost, onError }),
    { ...defaultGatewayLimits, perSecond },
  );
  const deliveries = messageQueues({
    codeSettings: settings.codeSettings,
    keys: createKeys(['k'.repeat(32)]),
    database,
    senders: { mobile, email: createAbsentSender('email') },
    origin: 'https://cabinet.example.kz',
  })
    .filter(({ name }) => lanes.includes(name))
    .map((lane) => startDispatcher(database, lane, { everyMs: lane.name === 'code' ? 500 : 2_000, onError }));
  return {
    gateway,
    wake: () => {
      for (const one of deliveries) one.wake();
    },
    async stop() {
      await Promise.all(deliveries.map((one) => one.stop()));
      await mobile.close();
      await gateway.close();
    },
  };
}

/** Milliseconds from COMMIT to arrival, for each code. */
async function handOver(
  database: Database,
  holderId: string,
  perSecond: number,
  wakes: boolean,
): Promise<number[]> {
  const worker = await startWorker(database, perSecond, ['code', 'notice']);
  const queuedAt = new Map<string, number>();
  try {
    // The notices use the gateway's whole capacity before the first code comes.
    await arrivals(worker.gateway, 2 * perSecond);
    for (let n = 0; n < codes; n += 1) {
      await pause(60 + (n % 7) * 10);
      const to = `+7702${String(1_000_000 + n)}`;
      await queueCode(database, holderId, to);
      queuedAt.set(to, performance.now());
      if (wakes) worker.wake();
    }
    await pause(2_000);
    const arrivedAt = new Map(worker.gateway.arrived.map(({ to, at }) => [to, at]));
    return [...queuedAt].map(([to, at]) => {
      const arrived = arrivedAt.get(to);
      if (arrived === undefined) throw new Error('a code had not arrived after two seconds');
      return arrived - at;
    });
  } finally {
    await worker.stop();
  }
}

function queueCode(database: Database, holderId: string, to: string): Promise<void> {
  return database.transaction(async (transaction) => {
    const code = { holderId, purpose: 'prove-new', channel: 'mobile', destination: to } as const;
    const { codeId } = await renewCode(transaction, { ...code, changeId: crypto.randomUUID() }, 5, 5);
    await enqueueMessages(transaction, holderId, [
      { kind: 'code', purpose: 'prove-new', codeId, channel: 'mobile', to, language: 'kk' },
    ]);
  });
}

/** Notices a second without a limit. */
async function drain(database: Database): Promise<number> {
  const worker = await startWorker(database, 100_000, ['notice']);
  try {
    await arrivals(worker.gateway, 200);
    const before = worker.gateway.arrived.length;
    const since = performance.now();
    await pause(drainSeconds * 1_000);
    return ((worker.gateway.arrived.length - before) * 1_000) / (performance.now() - since);
  } finally {
    await worker.stop();
  }
}

async function arrivals(gateway: SmppStandIn, count: number): Promise<void> {
  while (gateway.arrived.length < count) await pause(5);
}
