import { administrations, fullName, kindOf, type PlaceTable, placesAbove } from './place-table.ts';
import type { AddressPart } from './source.ts';
import type { AddressLanguage } from './wording.ts';

/** Writes a place as a part of an address. */
export interface PlaceLines {
  /**
   * Region, district and place in full words. The rural district is added where two lines would
   * otherwise be equal.
   */
  line(index: number, language: AddressLanguage): string;
  /** The levels of that line. */
  parts(index: number): AddressPart[];
}

export function createPlaceLines(table: PlaceTable): PlaceLines {
  const alike = countAlike(table);

  /** The levels to show, largest first. */
  function levels(index: number): number[] {
    const shown = [index];
    const twin = alikeKeys(table, index).some((key) => (alike.get(key) ?? 0) > 1);
    for (const above of placesAbove(table, index)) {
      const kind = kindOf(table, above);
      if (kind === 'cityadmin') {
        const seat = table.seats[above] ?? -1;
        if (seat >= 0 && seat !== index) shown.unshift(seat);
      } else if (administrations.has(kind) || kind === 'rural_okrug') {
        if (twin && kind !== 'districtadmin') shown.unshift(above);
      } else {
        shown.unshift(above);
      }
    }
    return shown;
  }

  return {
    line: (index, language) =>
      levels(index)
        .map((level) => fullName(table, level, language))
        .join(', '),
    parts: (index) =>
      levels(index).map((level) => ({
        kind: kindOf(table, level),
        id: String(table.kato[level]),
        text: { kk: fullName(table, level, 'kk'), ru: fullName(table, level, 'ru') },
      })),
  };
}

/**
 * Counts the places of one kind and name within each district. Where there is more than one, the
 * rural district is shown too.
 */
function countAlike(table: PlaceTable): ReadonlyMap<string, number> {
  const counted = new Map<string, number>();
  for (let index = 0; index < table.count; index += 1) {
    for (const key of alikeKeys(table, index)) counted.set(key, (counted.get(key) ?? 0) + 1);
  }
  return counted;
}

function alikeKeys({ kato, kinds, names }: PlaceTable, index: number): string[] {
  const district = Math.floor((kato[index] ?? 0) / 100_000);
  const [kk, ru] = [names.kk[index], names.ru[index]].map((name) => `${district} ${kinds[index]} ${name}`);
  return kk === ru ? [kk ?? ''] : [kk ?? '', ru ?? ''];
}
