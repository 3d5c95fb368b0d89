import { randomBytes } from 'node:crypto';
import { vi } from 'vitest';
import { disavowalPath } from '../../src/features/disavowal/link.ts';
import { currentValues } from '../../src/features/requisites/column-store.ts';
import { sql } from '../../src/platform/postgres/sql.ts';
import { inventPerson, type PersonLine } from '../support/people.ts';
import type { TestService } from '../support/service.ts';
import type { Visitor } from '../support/visitor.ts';
import type { World } from './journey.ts';

/** A world around one service. */
export interface OpenWorld extends World {
  /** Every person who was created in it. */
  readonly people: readonly PersonLine[];
  /** Ends all visits. Fails when a browser reported an error. */
  end(): Promise<void>;
}

let peopleMade = 0;

/** Everybody is different. */
function inventNext(different: Partial<PersonLine>): PersonLine {
  const person = inventPerson(peopleMade, different);
  peopleMade += 1;
  return person;
}

/**
 * Creates a world in which people are invented and visits begin. `begin` decides how visits are
 * made.
 */
export function openWorld(
  service: TestService,
  begin: () => Promise<Visitor>,
  invent: (different: Partial<PersonLine>) => PersonLine = inventNext,
): OpenWorld {
  const visitors: Visitor[] = [];
  const people: PersonLine[] = [];
  const { database } = service;
  return {
    people,
    async visitor() {
      const visitor = await begin();
      visitors.push(visitor);
      return visitor;
    },
    async person(different = {}) {
      const person = invent(different);
      people.push(person);
      await service.enrol(person);
      return person;
    },
    async ageSessions(person, minutes) {
      const aged = await database.run(sql`
        update cabinet.session set started_at = started_at - make_interval(mins => ${minutes}),
          seen_at = seen_at - make_interval(mins => ${minutes})
        where ended_at is null and holder_id = (select holder_id from cabinet.holder where iin = ${person.iin})`);
      if (aged === 0) throw new Error('there is no session to age');
    },
    async ageFailures(minutes) {
      await database.run(sql`
        update cabinet.failure set blocked_until = blocked_until - make_interval(mins => ${minutes}),
          expires_at = expires_at - make_interval(mins => ${minutes})`);
    },
    async saved(person) {
      // A first sign-in queues a message to learn the person's channels. It does not belong to a
      // form.
      const row = await database.first<{ changes: number; outbox: number; revision: number | null }>(sql`
        select (select count(*) from cabinet.change c where c.holder_id = h.holder_id and made_by = 'holder') as changes,
          (select count(*) from cabinet.outbox o where o.holder_id = h.holder_id and lane <> 'unaddressed') as outbox,
          (select revision from cabinet.requisites r where r.holder_id = h.holder_id) as revision
        from cabinet.holder h where iin = ${person.iin}`);
      if (!row) throw new Error('this person has no cabinet');
      return { ...row, revision: row.revision ?? 0 };
    },
    async onFile(person) {
      const row = await database.first<{ values: PersonLine['requisites'] }>(sql`
        select ${currentValues} as values from cabinet.requisites join cabinet.holder h using (holder_id)
        where h.iin = ${person.iin}`);
      if (!row) throw new Error('this person has no requisites');
      return row.values;
    },
    async sentToFund(person) {
      const rows = await database.rows<{ fields: unknown }>(sql`
        select payload -> 'fields' as fields from cabinet.outbox o join cabinet.holder h using (holder_id)
        where h.iin = ${person.iin} and lane = 'fund' order by outbox_id`);
      return rows.map(({ fields }) => fields);
    },
    async addressSource(person) {
      const row = await database.first<{ source: unknown }>(sql`
        select address_source as source from cabinet.requisites join cabinet.holder h using (holder_id)
        where h.iin = ${person.iin}`);
      if (!row) throw new Error('this person has no requisites');
      return row.source;
    },
    async notMePath(person) {
      const row = await database.first<{ id: string }>(sql`
        select disavowal_id as id from cabinet.disavowal d join cabinet.holder h using (holder_id)
        where h.iin = ${person.iin} limit 1`);
      if (!row) throw new Error('no notice with a link was sent');
      return disavowalPath(service.keys, row.id);
    },
    async inbox(to) {
      await vi.waitFor(
        async () => {
          const row = await database.first<{ waiting: number }>(sql`
            select (select count(*) from cabinet.entry where examined_at is null and done_at is null and expires_at > now())
              + (select count(*) from cabinet.outbox
                 where lane <> 'fund' and delivered_at is null and dead_at is null) as waiting`);
          if (row?.waiting !== 0) throw new Error('messages are still on their way');
        },
        { timeout: 20_000, interval: 20 },
      );
      const answer = await service.server.inject({
        url: '/demo/inbox',
        headers: { host: 'localhost:3000', accept: 'application/json' },
      });
      const messages = answer.json<{ to: string; text: string }[]>();
      return messages.filter((message) => message.to === to).map(({ text }) => text);
    },
    async ageEntries(minutes) {
      const passed = sql`make_interval(mins => ${minutes})`;
      await database.run(sql`
        update cabinet.entry set expires_at = expires_at - ${passed}, code_until = code_until - ${passed}`);
      await database.run(sql`update cabinet.code set expires_at = expires_at - ${passed}`);
    },
    async ageSteps(minutes) {
      await database.run(
        sql`update cabinet.sign_in_step set expires_at = expires_at - make_interval(mins => ${minutes})`,
      );
    },
    async givePasskey(person, name) {
      const whose = sql`(select holder_id from cabinet.holder where iin = ${person.iin})`;
      await database.run(sql`
        insert into cabinet.passkey_user (holder_id, user_handle) values (${whose}, ${randomBytes(32)})
        on conflict do nothing`);
      await database.run(sql`
        insert into cabinet.passkey (credential_id, holder_id, public_key, counter, backed_up, name, by_eds)
        values (${randomBytes(32)}, ${whose}, ${Buffer.alloc(77)}, 0, false, ${name}, true)`);
      await database.run(sql`
        update cabinet.session set proved_at = now(), proved_by = 'eds' where holder_id = ${whose}`);
    },
    async ageAllowances(minutes) {
      await database.run(
        sql`update cabinet.allowance set ends_at = ends_at - make_interval(mins => ${minutes})`,
      );
    },
    async agePending(person, minutes) {
      const passed = sql`make_interval(mins => ${minutes})`;
      await database.run(sql`
        update cabinet.pending_change set expires_at = expires_at - ${passed},
          current_proved_at = current_proved_at - ${passed},
          current_passkey_at = current_passkey_at - ${passed}, new_proved_at = new_proved_at - ${passed}
        where holder_id = (select holder_id from cabinet.holder where iin = ${person.iin})`);
    },
    async ageContacts(person, hours) {
      const passed = sql`make_interval(hours => ${hours})`;
      const whose = sql`holder_id = (select holder_id from cabinet.holder where iin = ${person.iin})`;
      await database.run(sql`
        update cabinet.requisites set mobile_since = mobile_since - ${passed}, email_since = email_since - ${passed},
          contact_changed_at = contact_changed_at - ${passed} where ${whose}`);
      await database.run(sql`
        update cabinet.recovery_contact set usable_from = usable_from - ${passed}, usable_until = usable_until - ${passed}
        where ${whose}`);
      await database.run(
        sql`update cabinet.credential set recovered_at = recovered_at - ${passed} where ${whose}`,
      );
      await database.run(
        sql`update cabinet.disavowal set created_at = created_at - ${passed} where ${whose}`,
      );
    },
    async changeAtBranch(person, fields) {
      await service.enrol({ ...person, requisites: { ...person.requisites, ...fields } });
    },
    async end() {
      for (const visitor of visitors) await visitor.leave();
    },
  };
}
