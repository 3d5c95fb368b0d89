import { atTime, bytes, type Filled, uuid } from './population-values.ts';

const day = 86_400_000;

/**
 * Seals over the changes and events of a population. They are not signed, so `audit verify` refuses
 * them.
 * @param ofSeal the number of rows in each seal
 */
export function sealsOf(people: number, ofSeal: number): readonly (Filled & { readonly rows: number })[] {
  const changes = Math.ceil(people / ofSeal);
  const events = Math.ceil((2 * people) / ofSeal);
  // Each seal is closed a day after its content, and the newest one recently, as if sealing had
  // run.
  const closedAt = (seal: number, of: number, oldest: number) =>
    atTime(seal === of - 1 ? 60_000 : oldest * day - ((seal + 1) / of) * oldest * day);
  return [
    {
      table: 'cabinet.audit_seal',
      columns: 'seal_id, source, form, rows, complete_until, sealed_at, entries_hash, key_mark, head',
      rows: changes + events,
      row: (n) => {
        const isChange = n < changes;
        const at = isChange ? closedAt(n, changes, 1_095) : closedAt(n - changes, events, 1_100);
        const rows = Math.min(ofSeal, isChange ? people - n * ofSeal : 2 * people - (n - changes) * ofSeal);
        return [
          n + 1,
          isChange ? 'change' : 'security_event',
          1,
          rows,
          at,
          at,
          bytes(n, 32),
          bytes(n, 32),
          bytes(n, 32),
        ];
      },
    },
    {
      table: 'cabinet.audit_entry',
      columns: 'source, row_id, seal_id, digest',
      rows: 3 * people,
      row: (n) =>
        n < people
          ? ['change', uuid('change', n), Math.floor(n / ofSeal) + 1, bytes(n, 32)]
          : ['security_event', n - people + 1, changes + Math.floor((n - people) / ofSeal) + 1, bytes(n, 32)],
    },
  ];
}
