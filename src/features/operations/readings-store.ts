import type { Database } from '../../platform/postgres/database.ts';
import { sql } from '../../platform/postgres/sql.ts';
import type { Reachability } from '../reachability/count-store.ts';
import type { JobSuccess } from './job-store.ts';
import { type Overdue, readOverdue } from './retention-store.ts';

/**
 * What the database shows about the state of the service. Every name in it is one of ours and never
 * a value of a person.
 */
export interface Readings {
  readonly lanes: readonly {
    readonly lane: string;
    readonly pending: number;
    /** Age of the oldest waiting message. 0 when none waits. */
    readonly oldestSeconds: number;
    /** Given up, until an operator acts or they are deleted. */
    readonly dead: number;
  }[];
  /** Of the last hour, by purpose. */
  readonly codes: readonly { readonly purpose: string; readonly sent: number; readonly used: number }[];
  /** Of the last hour. */
  readonly tries: { readonly right: number; readonly wrong: number };
  readonly alerts: readonly { readonly kind: string; readonly open: number }[];
  readonly jobs: readonly JobSuccess[];
  /** Undefined before the first seal. */
  readonly sealSeconds: number | undefined;
  readonly sessions: number;
  /** Holders by what is known of their contacts. Undefined before the first count. */
  readonly reachability: Reachability | undefined;
  /** By kind, how long rows have been past their term. */
  readonly overdue: readonly Overdue[];
}

const lanes = ['fund', 'code', 'notice', 'reminder'];
const purposes = ['register', 'recover', 'prove-new', 'confirm-current'];

/** Reads everything, by indexes. */
export async function readReadings(
  database: Database,
  terms: { readonly idleMinutes: number; readonly maxHours: number; readonly eventYears: number },
): Promise<Readings> {
  const row = await database.first<
    Omit<Readings, 'sealSeconds' | 'overdue' | 'reachability'> & {
      sealSeconds: number | null;
      reachability: Reachability | null;
    }
  >(sql`
    with waiting as (
      select lane, count(*) as pending, extract(epoch from now() - min(created_at)) as oldest
      from cabinet.outbox where delivered_at is null and dead_at is null group by lane),
    dead as (select lane, count(*) as dead from cabinet.outbox where dead_at is not null group by lane),
    sent as (
      select purpose, count(*) as sent, count(used_at) as used
      from cabinet.code where created_at > now() - interval '1 hour' group by purpose)
    select
      (select jsonb_agg(jsonb_build_object('lane', lane, 'pending', coalesce(pending, 0),
          'oldestSeconds', coalesce(greatest(oldest, 0), 0), 'dead', coalesce(dead, 0)))
        from (select unnest(${lanes}::text[]) as lane union select lane from waiting union select lane from dead) as l
        left join waiting using (lane) left join dead using (lane)) as lanes,
      (select jsonb_agg(jsonb_build_object('purpose', purpose, 'sent', coalesce(sent, 0), 'used', coalesce(used, 0)))
        from unnest(${purposes}::text[]) as p (purpose) left join sent using (purpose)) as codes,
      (select jsonb_build_object('right', coalesce(sum(compared - failed), 0), 'wrong', coalesce(sum(failed), 0))
        from cabinet.code_outcome where minute > now() - interval '1 hour') as tries,
      (select coalesce(jsonb_agg(jsonb_build_object('kind', kind, 'open', open)), '[]')
        from (select kind, count(*) as open from cabinet.alert where ended_at is null group by kind) as a) as alerts,
      (select coalesce(jsonb_agg(jsonb_build_object('job', job, 'at', extract(epoch from succeeded_at))), '[]')
        from cabinet.job_success) as jobs,
      (select extract(epoch from now() - sealed_at) from cabinet.audit_seal order by seal_id desc limit 1)::float as "sealSeconds",
      (select count(*) from cabinet.session where ended_at is null and started_at > now() - make_interval(hours => ${terms.maxHours}::int)
        and seen_at > now() - make_interval(mins => ${terms.idleMinutes}::int)) as sessions,
      (select counted from cabinet.reachability) as reachability`);
  if (!row) throw new Error('the readings gave no row');
  const overdue = await readOverdue(database, terms.eventYears);
  return {
    ...row,
    sealSeconds: row.sealSeconds ?? undefined,
    reachability: row.reachability ?? undefined,
    overdue,
  };
}
