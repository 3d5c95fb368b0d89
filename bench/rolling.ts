import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { networkClient } from '../test/support/network-client.ts';
import { startProcess } from '../test/support/processes.ts';
import { formOf } from '../test/support/signed-in.ts';
import { percentile, type Row } from './row.ts';
import { peopleWhoSave } from './service.ts';

const restarts = 20;

/**
 * Rolling restarts of two workers while people read and save over kept connections: the number of
 * lost requests, and the times.
 */
export async function bench(): Promise<Row[]> {
  const varDir = await mkdtemp(join(tmpdir(), 'kabinet-rolling-'));
  const service = await startProcess({ VAR_DIR: varDir, DEMO: '1' }, { parameters: ['--workers', '2'] });
  const took: number[] = [];
  let saved = 0;
  let lost = 0;
  let connections = 0;
  let over = false;

  async function timed(ask: () => Promise<{ readonly status: number }>): Promise<void> {
    const begun = performance.now();
    const status = await ask().then(
      (answer) => answer.status,
      () => 0,
    );
    took.push(performance.now() - begun);
    if (status !== 200 && status !== 303) lost += 1;
  }

  async function saver({ iin, password }: { iin: string; password: string }): Promise<void> {
    const client = networkClient(service.origin);
    const page = await client.get('/sign-in');
    await client.post('/sign-in', formOf(page.body, '/sign-in', { iin, password }));
    const path = '/services/requisites';
    for (let turn = 1; !over; turn += 1) {
      let form: ReturnType<typeof formOf> | undefined;
      await timed(async () => {
        const opened = await client.get(path);
        form = formOf(opened.body, path, { apartment: String(turn), formId: randomUUID() });
        return opened;
      });
      if (!form) continue;
      const fields = form;
      await timed(() => client.post(path, fields));
      saved += 1;
    }
    connections += client.connections;
    client.close();
  }

  async function reader(): Promise<void> {
    const client = networkClient(service.origin);
    while (!over) await timed(() => client.get('/sign-in'));
    connections += client.connections;
    client.close();
  }

  const people = (await peopleWhoSave()).slice(0, 2);
  const load = Promise.all([...people.map(saver), reader(), reader()]);
  for (let restart = 1; restart <= restarts; restart += 1) {
    service.signal('SIGHUP');
    await Promise.race([
      service.saying('the rolling restart is done', restart),
      service.saying('the rolling restart stopped').then(() => {
        throw new Error(`restart ${restart} did not succeed:\n${service.said()}`);
      }),
    ]);
  }
  over = true;
  await load;
  service.signal('SIGTERM');
  const code = await service.ended;
  await rm(varDir, { recursive: true, force: true });
  return [
    {
      name: `requests lost in ${restarts} rolling restarts of 2 workers`,
      value: lost,
      unit: '',
      note: `of ${took.length}, ${saved} of them saves, over ${connections} connections; exit code ${code}`,
    },
    { name: 'a request meanwhile: p99', value: percentile(took, 0.99), unit: 'ms' },
    { name: 'a request meanwhile: longest', value: Math.max(...took), unit: 'ms' },
  ];
}
