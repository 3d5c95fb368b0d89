import type { Database, Queryable } from './database.ts';
import { sql } from './sql.ts';

/**
 * The tables of the audit log. The service adds rows to them and changes none.
 *
 * @internal A test tries every alteration of each.
 */
export const logTables = [
  'change',
  'security_event',
  'eds_evidence',
  'eds_shared',
  'eds_proof',
  'evidence_seal',
  'evidence_leaf',
  'audit_seal',
  'audit_entry',
  'audit_retention',
] as const;

/** Why a role is refused rights. */
export type RoleRefusal = 'badName' | 'unknownRole' | 'superuser' | 'ownRole' | 'owner' | 'notOwner';

/**
 * Gives a role the rights that the service needs. On the log tables that is only SELECT and INSERT.
 * The role owns nothing, so it can neither change or remove log entries nor switch off the triggers
 * that protect them. The owner of the tables must run this, and again after each migration that
 * adds a log table. It may be repeated.
 */
export function grantService(database: Database, role: string): Promise<RoleRefusal | undefined> {
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(role)) return Promise.resolve('badName');
  return database.transaction(async (transaction) => {
    const refusal = await refuseRole(transaction, role);
    if (refusal) return refusal;
    for (const text of grants(role)) await transaction.run({ text, values: [] });
    return undefined;
  });
}

async function refuseRole(transaction: Queryable, role: string): Promise<RoleRefusal | undefined> {
  const found = await transaction.first<{
    superuser: boolean;
    own: boolean;
    owns: boolean;
    mayGrant: boolean;
  }>(sql`
    select rolsuper as superuser, rolname = current_user as own,
      pg_has_role(r.oid, c.relowner, 'member') as owns, pg_has_role(c.relowner, 'usage') as "mayGrant"
    from pg_roles r, pg_class c
    where rolname = ${role} and c.oid = 'cabinet.security_event'::regclass`);
  if (!found) return 'unknownRole';
  if (found.superuser) return 'superuser';
  if (found.own) return 'ownRole';
  if (found.owns) return 'owner';
  return found.mayGrant ? undefined : 'notOwner';
}

/** `role` was checked before: it is an identifier. */
function grants(role: string): readonly string[] {
  const log = logTables.map((table) => `cabinet.${table}`).join(', ');
  const schemas = ['cabinet', 'fund'];
  return [
    ...schemas.flatMap((schema) => [
      `grant usage on schema ${schema} to "${role}"`,
      `grant select, insert, update, delete on all tables in schema ${schema} to "${role}"`,
      // SELECT is for the backup.
      `grant usage, select on all sequences in schema ${schema} to "${role}"`,
      `alter default privileges in schema ${schema} grant select, insert, update, delete on tables to "${role}"`,
      `alter default privileges in schema ${schema} grant usage, select on sequences to "${role}"`,
    ]),
    `revoke update, delete on ${log} from "${role}"`,
    `grant execute on function cabinet.retire_security_events(bigint[]) to "${role}"`,
    `grant select on public.migration, public.migration_id_seq to "${role}"`,
  ];
}

/**
 * True when the role of this connection could alter the log: it is a superuser or the owner of the
 * tables.
 */
export async function mayAlterLog(database: Database): Promise<boolean> {
  const row = await database.first<{ may: boolean }>(sql`
    select rolsuper or pg_has_role(current_user, c.relowner, 'member') as may
    from pg_roles, pg_class c where rolname = current_user and c.oid = 'cabinet.security_event'::regclass`);
  return row?.may ?? true;
}
