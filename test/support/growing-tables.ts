/**
 * Tables that do not grow with the number of people or years, each with the reason. A statement may
 * read one of them whole, and a migration may lock it. Every other table counts as growing, so a
 * new table does until somebody says why not.
 */
const boundedTables: Readonly<Record<string, string>> = {
  'cabinet.alert': 'what the service noticed by itself, kept for a year',
  'cabinet.channel_state': 'two rows for each process that was up within the hour',
  'cabinet.code_outcome': 'a row a minute, kept for two days',
  'cabinet.database_mark': 'one row',
  'cabinet.eds_shared': 'certificates of issuers, and lists of a few kilobytes',
  'cabinet.eds_stamp_wait': 'signed changes of the last minutes, or since the authority is away',
  'cabinet.fund_feed': 'one row',
  'cabinet.job_success': 'a row for each kind of background work',
  'cabinet.phone_attempt': 'a limited number that wait, kept for an hour',
  'cabinet.message_wording': 'what messages say: a few hundred for each release',
  'cabinet.maintenance_window': 'planned by hand',
  'fund.people_import': 'a row for each import that was interrupted',
  'cabinet.street': 'the streets of the country, imported as a whole',
  'cabinet.street_anywhere': 'the same',
  'cabinet.street_spelling': 'the same',
  'cabinet.street_vocabulary': 'the same',
  'cabinet.street_word': 'the same',
  'cabinet.reachability': 'one row',
  'cabinet.receipt_day': 'a row for each day',
  'cabinet.restored_change': 'only after a loss of what was saved',
  'cabinet.schema_release': 'a row for each release',
  'public.migration': 'a row for each migration',
};

/** True when a table, named with its schema, can become large. */
export function grows(table: string): boolean {
  return /^(cabinet|fund|public)\./.test(table) && !(table in boundedTables);
}
