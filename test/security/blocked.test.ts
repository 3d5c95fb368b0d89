import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sql } from '../../src/platform/postgres/sql.ts';
import type { Client } from '../support/client.ts';
import { type FundServer, startFundServer } from '../support/fund-server.ts';
import { inventPerson, type PersonLine, password } from '../support/people.ts';
import { startService, type TestService } from '../support/service.ts';
import { formOf, signedIn } from '../support/signed-in.ts';

// A person whom the fund blocks is signed out on every page within a minute. This holds in every
// role of the process, with the embedded fund and with one over HTTP.

const roles = ['all', 'web'] as const;
const funds = ['embedded', 'over HTTP'] as const;
let people = 6_800;

describe.each(roles.flatMap((role) => funds.map((fund) => ({ role, fund }))))(
  'ROLE=$role, fund $fund',
  ({ role, fund }) => {
    let service: TestService;
    let server: FundServer | undefined;

    beforeAll(async () => {
      server = fund === 'embedded' ? undefined : await startFundServer();
      service = await startService(
        { ROLE: role, ...(server ? { FUND_URL: server.url } : {}) },
        { work: false },
      );
    });

    afterAll(async () => {
      await service.close();
      await server?.close();
    });

    async function enrol(person: PersonLine): Promise<void> {
      server?.enrol(person);
      await service.enrol(person);
    }

    async function someone(): Promise<{ readonly person: PersonLine; readonly client: Client }> {
      const person = inventPerson(people);
      people += 1;
      await enrol(person);
      const client = await signedIn(service, person);
      await client.get('/services/requisites');
      return { person, client };
    }

    /** Sets the time of the last question to the fund about this person, `seconds` ago. */
    async function asked({ iin }: PersonLine, seconds: number): Promise<void> {
      await service.database.run(sql`
      update cabinet.session set status_asked_at = now() - make_interval(secs => ${seconds}::int),
        started_at = started_at - make_interval(secs => ${seconds}::int)
      where holder_id = (select holder_id from cabinet.holder where iin = ${iin})`);
    }

    const live = async ({ iin }: PersonLine) => {
      const row = await service.database.first<{ count: number }>(sql`
      select count(*)::int as count from cabinet.session s join cabinet.holder h using (holder_id)
      where h.iin = ${iin} and ended_at is null`);
      return row?.count;
    };

    /** Half of the minute. The answer to one request is used for later ones for this long. */
    const halfMinute = 30;

    test('every page of a holder redirects them, and all their sessions end', async () => {
      const pages = service.routes.filter(
        ({ access, method, url }) => access === 'holder' && method === 'GET' && !url.startsWith('/api/'),
      );
      expect(pages.length).toBeGreaterThan(5);
      for (const { url } of pages) {
        const { person, client } = await someone();
        await signedIn(service, person);
        await enrol({ ...person, status: 'blocked' });
        await asked(person, halfMinute);
        const answer = await client.get(url.replace(/:\w+/g, '0123456789AB'));
        expect([answer.status, answer.headers['location']?.toString().slice(0, 21)], url).toEqual([
          303,
          '/sign-in?ended=closed',
        ]);
        expect(answer.body, url).not.toContain(person.surname);
        expect(await live(person), url).toBe(0);
        expect(client.cookies.has('session'), url).toBe(false);
      }
    });

    test('forms and scripts are refused too, and an unknown person is treated like a blocked one', async () => {
      for (const status of ['blocked', 'deceased'] as const) {
        const { person, client } = await someone();
        const page = await client.get('/services/requisites');
        const form = formOf(page.body, '/services/requisites', { apartment: '55' });
        await enrol({ ...person, status });
        await asked(person, halfMinute);
        expect((await client.get('/api/addresses?q=а')).status).toBe(401);
        const answer = await client.post('/services/requisites', form);
        expect(answer.status).toBe(303);
        expect(answer.headers['location']).toMatch(/^\/sign-in/);
      }
    });

    test('no password is set after the block, not even within that half minute', async () => {
      const { person, client } = await someone();
      const chosen = 'тау бөктеріндегі көк үй';
      const page = await client.get('/security/password');
      const form = formOf(page.body, '/security/password', {
        currentPassword: password,
        password: chosen,
        passwordAgain: chosen,
      });
      await enrol({ ...person, status: 'blocked' });
      const answer = await client.post('/security/password', form);
      expect([answer.status, answer.headers['location']]).toEqual([303, '/sign-in?ended=closed']);
      expect(await live(person)).toBe(0);
      await enrol({ ...person });
      await expect(signedIn(service, { ...person, password: chosen })).rejects.toThrow('422');
      await signedIn(service, person);
    });

    test('the fund is asked once in that time about an active person, who continues', async () => {
      const { person, client } = await someone();
      await asked(person, halfMinute);
      const readings = () => server?.requests.length ?? 0;
      const before = readings();
      for (let page = 0; page < 4; page += 1) expect((await client.get('/security')).status).toBe(200);
      if (server) expect(readings() - before).toBe(1);
      const row = await service.database.first<{ recent: boolean }>(sql`
      select bool_and(status_asked_at > now() - interval '25 seconds') as recent
      from cabinet.session s join cabinet.holder h using (holder_id) where h.iin = ${person.iin}`);
      expect(row?.recent).toBe(true);
    });

    if (fund === 'embedded') return;

    test('while the fund is unavailable its last answer counts, and a missing one ends no session', async () => {
      const [one, two, three] = [await someone(), await someone(), await someone()];
      server?.behave('failing');
      try {
        await service.database.run(sql`
        update cabinet.fund_copy c set person = jsonb_set(person, '{status}', '"blocked"')
        from cabinet.holder h where h.holder_id = c.holder_id and h.iin = ${two.person.iin}`);
        await service.database.run(sql`
        delete from cabinet.fund_copy c using cabinet.holder h where h.holder_id = c.holder_id and h.iin = ${three.person.iin}`);
        for (const { person } of [one, two, three]) await asked(person, halfMinute);
        expect((await one.client.get('/security')).status).toBe(200);
        expect((await two.client.get('/security')).status).toBe(303);
        expect((await three.client.get('/security')).status).toBe(200);
      } finally {
        server?.behave('none');
      }
    });
  },
);
