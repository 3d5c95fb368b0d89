import type { FundHolder } from '../../fund/port.ts';
import { displayed } from '../../values/displayed.ts';

/**
 * The full name that the fund has: surname, name, patronymic. Undefined when it cannot be asked.
 */
export function holderName(
  person: Pick<FundHolder, 'surname' | 'name' | 'patronymic'> | undefined,
): string | undefined {
  return person && displayed([person.surname, person.name, person.patronymic].filter(Boolean).join(' '));
}
