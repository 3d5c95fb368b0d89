import type { Database } from '../../platform/postgres/database.ts';
import { lockHolder } from '../../platform/postgres/locks.ts';
import { sql } from '../../platform/postgres/sql.ts';
import { endCodes } from '../codes/store.ts';
import { notifyHolder } from '../notices/security-notices.ts';
import type { FreezeStore } from './ports.ts';

/** What stops recovery and contact changes when a notice was answered with "this wasn't me". */
export function freezeStore(database: Database, linkDays: number): FreezeStore {
  const stands = sql`ended_at is null and created_at > now() - make_interval(days => ${linkDays}::int)`;
  return {
    async findDisavowal(disavowalId) {
      const row = await database.first(sql`
        select from cabinet.disavowal where disavowal_id = ${disavowalId} and ${stands}`);
      return row !== undefined;
    },

    freeze: (disavowalId, requestId) =>
      database.transaction(async (transaction) => {
        const link = await transaction.first<{ holderId: string }>(sql`
          select holder_id as "holderId" from cabinet.disavowal where disavowal_id = ${disavowalId}`);
        if (!link) return;
        const { holderId } = link;
        // What is being changed now is done before this, and told; whatever comes after it finds the stop.
        await lockHolder(transaction, holderId);
        const used = await transaction.run(sql`
          update cabinet.disavowal set used_at = now()
          where disavowal_id = ${disavowalId} and used_at is null and ${stands}`);
        if (used === 0) return;
        await transaction.run(sql`
          insert into cabinet.freeze (holder_id) values (${holderId}) on conflict (holder_id) do nothing`);
        await endCodes(transaction, holderId);
        await transaction.run(sql`delete from cabinet.pending_change where holder_id = ${holderId}`);
        // Also those whose code was right: else they would go on when the stop is lifted.
        await transaction.run(sql`
          update cabinet.entry set done_at = now() where holder_id = ${holderId} and done_at is null`);
        await transaction.run(sql`
          update cabinet.session set ended_at = now(), end_reason = 'frozen' where holder_id = ${holderId} and ended_at is null`);
        await transaction.run(sql`
          insert into cabinet.security_event (holder_id, kind, request_id) values (${holderId}, 'frozen', ${requestId})`);
        // Former channels that still restore the password are told too: one of them is the owner's when a thief changed the rest.
        await transaction.run(notifyHolder(holderId, 'frozen'));
      }),
  };
}
