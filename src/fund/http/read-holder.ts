import { type FieldName, fields, type Requisites } from '../../features/requisites/fields/fields.ts';
import type { Iin } from '../../values/iin.ts';
import {
  type Account,
  accountKinds,
  type BranchChange,
  documentTypes,
  type FundHolder,
  type IdentityDocument,
  notificationMethods,
} from '../port.ts';
import type { Reader } from './reading.ts';

const fieldNames = fields.map(({ name }) => name);
const statuses = ['active', 'blocked', 'deceased'] as const;
const mostRows = 100;
const mostChanges = 10_000;

/**
 * Reads a holder as docs/fund-api.yaml describes one, row by row. A value that the fund's system
 * adds later makes at most a row unreadable, and never the whole person. An unknown kind becomes
 * `other`. When the requisites or their revision cannot be read, `requisites` is null and our copy
 * stays unchanged. Undefined only when the answer does not say whom it is about.
 */
export function readHolder(
  reader: Reader,
  body: unknown,
  sinceElsewhere: number | undefined,
  now = new Date(),
): FundHolder | undefined {
  const holder = reader.object('holder', body);
  const iin = holder && iinOf(reader, 'iin', holder['iin']);
  if (!holder || iin === undefined) return undefined;
  const documents = readDocuments(reader, holder['documents']);
  const revision = reader.count('revision', holder['revision']);
  const requisites = readRequisites(reader, holder['requisites']);
  const elsewhere =
    sinceElsewhere === undefined || revision === undefined
      ? { elsewhereVersion: revision ?? sinceElsewhere ?? 0, changesElsewhere: [] }
      : readElsewhere(reader, holder['changesElsewhere'], { revision, since: sinceElsewhere });
  // An unreadable date counts as now. A contact that has been on file for long restores the
  // password at once, so the stricter case is assumed.
  const since = (name: string) => {
    const read = reader.moment(name, holder[name]);
    return read === undefined ? now : read;
  };
  return {
    iin,
    surname: reader.text('surname', holder['surname']) ?? '',
    name: reader.text('name', holder['name']) ?? '',
    patronymic: reader.text('patronymic', holder['patronymic']) ?? null,
    status: reader.choice('status', holder['status'], statuses),
    ...documents,
    accounts: readAccounts(reader, holder['accounts']),
    requisites: revision === undefined ? null : requisites,
    mobileSince: since('mobileSince'),
    emailSince: since('emailSince'),
    ...elsewhere,
  };
}

/** Twelve digits. The fund is responsible for their check digit. */
export function iinOf(reader: Reader, path: string, value: unknown): Iin | undefined {
  if (typeof value === 'string' && /^[0-9]{12}$/.test(value)) return value as Iin;
  return reader.record(path, value === undefined ? 'missing' : 'unknown');
}

function readDocuments(reader: Reader, value: unknown): Pick<FundHolder, 'documents' | 'unreadDocuments'> {
  const rows = reader.list('documents', value, mostRows);
  const read = rows.flatMap((row, index) => readDocument(reader, `documents[${index}]`, row) ?? []);
  // A form sends the id of a document, so a second document with the same id could not be chosen.
  const documents = read.filter(({ id }, index) => {
    const first = read.findIndex((one) => one.id === id) === index;
    if (!first) reader.record('documents.id', 'given twice');
    return first;
  });
  const complete = Array.isArray(value) && documents.length === value.length;
  return complete ? { documents } : { documents, unreadDocuments: true };
}

function readDocument(reader: Reader, path: string, value: unknown): IdentityDocument | undefined {
  const row = reader.object(path, value);
  if (!row) return undefined;
  const id = reader.filled(`${path}.id`, row['id']);
  const number = reader.filled(`${path}.number`, row['number']);
  const issuedOn = reader.date(`${path}.issuedOn`, row['issuedOn']);
  const validUntil = reader.date(`${path}.validUntil`, row['validUntil']);
  const type = reader.choice(`${path}.type`, row['type'], documentTypes);
  const series = reader.text(`${path}.series`, row['series']) ?? null;
  const issuedBy = reader.text(`${path}.issuedBy`, row['issuedBy']) ?? null;
  // With an unreadable date, nobody can tell whether the document is valid.
  if (id === undefined || number === undefined || issuedOn === undefined || validUntil === undefined)
    return undefined;
  return { id, type, series, number, issuedOn, validUntil, issuedBy };
}

function readAccounts(reader: Reader, value: unknown): readonly Account[] {
  return reader.list('accounts', value, mostRows).flatMap((one, index) => {
    const path = `accounts[${index}]`;
    const row = reader.object(path, one);
    if (!row) return [];
    const number = reader.filled(`${path}.number`, row['number']);
    if (number === undefined) return [];
    const said = row['notification'] ?? null;
    return {
      kind: reader.choice(`${path}.kind`, row['kind'], accountKinds),
      number,
      notification: said === null ? null : reader.choice(`${path}.notification`, said, notificationMethods),
    };
  });
}

function readRequisites(reader: Reader, value: unknown): Requisites | null {
  const given = reader.object('requisites', value);
  const read = given && readFields(reader, 'requisites', given, fieldNames);
  return (read as Requisites | undefined) ?? null;
}

/** The fields of these names. Undefined when one of them cannot be read. */
function readFields(
  reader: Reader,
  path: string,
  given: Readonly<Record<string, unknown>>,
  names: readonly FieldName[],
): Partial<Requisites> | undefined {
  const read = names.map((name) => [name, reader.text(`${path}.${name}`, given[name])] as const);
  return read.some(([, value]) => value === undefined) ? undefined : Object.fromEntries(read);
}

/** The fields that a change names. Undefined when one of them cannot be read. */
export function readChangedFields(
  reader: Reader,
  path: string,
  given: Readonly<Record<string, unknown>>,
): Partial<Requisites> | undefined {
  const named = fieldNames.filter((name) => given[name] !== undefined);
  return readFields(reader, path, given, named);
}

/**
 * The changes made elsewhere, up to the first that cannot be read. Later ones are left for another
 * time, so that no change of a branch is skipped. The holder stays at the revision before it, and a
 * change of ours based on that is not applied.
 */
function readElsewhere(
  reader: Reader,
  value: unknown,
  { revision, since }: { readonly revision: number; readonly since: number },
): Pick<FundHolder, 'elsewhereVersion' | 'changesElsewhere'> {
  const changesElsewhere: BranchChange[] = [];
  const upToHere = () => ({
    elsewhereVersion: changesElsewhere.at(-1)?.version ?? Math.min(since, revision),
    changesElsewhere,
  });
  if (!Array.isArray(value) && revision > since) {
    reader.record('changesElsewhere', value === undefined || value === null ? 'missing' : 'not a list');
    return upToHere();
  }
  const rows: readonly unknown[] = Array.isArray(value) ? value : [];
  for (const [index, one] of rows.slice(0, mostChanges).entries()) {
    const path = `changesElsewhere[${index}]`;
    const row = reader.object(path, one);
    const version = row && reader.count(`${path}.revision`, row['revision']);
    const given = row && reader.object(`${path}.fields`, row['fields']);
    const fields = given && readChangedFields(reader, `${path}.fields`, given);
    if (version === undefined || fields === undefined) return upToHere();
    changesElsewhere.push({ version, fields });
  }
  // Changes that did not fit into the answer come with the next one.
  return { elsewhereVersion: changesElsewhere.at(-1)?.version ?? revision, changesElsewhere };
}
