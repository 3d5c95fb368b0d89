import type { Fund, FundHolder } from '../../fund/port.ts';
import type { Database } from '../../platform/postgres/database.ts';
import type { Iin } from '../../values/iin.ts';
import { fields } from '../requisites/fields/fields.ts';
import { loadRequisites } from '../requisites/store.ts';
import type { PersonalData } from './password.ts';

/**
 * Collects what must not be part of a person's password, from our copy of the requisites and from
 * the fund.
 */
export async function personalData(
  { database, fund }: { readonly database: Database; readonly fund: Pick<Fund, 'read'> },
  iin: string,
  holderId: string,
  requestId?: string,
): Promise<PersonalData> {
  const values = (await loadRequisites(database, holderId))?.values;
  // When the fund does not answer, the names are not known. This must not keep anybody from
  // choosing a password.
  const person = await fund
    .read(iin as Iin, undefined, requestId)
    .catch((): FundHolder | undefined => undefined);
  const present = (all: readonly (string | null | undefined)[]) =>
    all.filter((one): one is string => one !== null && one !== undefined);
  const valuesOf = (kind: 'phone' | 'email') =>
    fields.flatMap((field) => (field.kind === kind ? [values?.[field.name]] : []));
  return {
    iin,
    names: present([person?.surname, person?.name, person?.patronymic]),
    phones: present(valuesOf('phone')),
    emails: present(valuesOf('email')),
  };
}
