import type { InBoth } from './source.ts';
import { type AddressLanguage, type PlaceKind, wording } from './wording.ts';

/** A place of the classifier. */
export interface Place {
  /** KATO code. */
  readonly kato: number;
  readonly kind: PlaceKind;
  /** Names without the word for the kind. */
  readonly name: InBoth;
}

/** The classifier in columns. A place is the number of its row, and -1 means no place. */
export interface PlaceTable {
  readonly count: number;
  /** KATO codes. */
  readonly kato: Int32Array;
  readonly kinds: readonly PlaceKind[];
  /** Names without the word for the kind. */
  readonly names: Readonly<Record<AddressLanguage, readonly string[]>>;
  /** Full names that are not composed of the name and its kind. */
  readonly unusual: Readonly<Record<AddressLanguage, ReadonlyMap<number, string>>>;
  readonly indexOf: ReadonlyMap<number, number>;
  /** The place that contains each place. */
  readonly parents: Int32Array;
  /** The town or village that an administration manages. */
  readonly seats: Int32Array;
  readonly weights: Float32Array;
}

/**
 * Kinds that administer a town or village with its own row, and the kinds that this row may have,
 * most likely first.
 */
const seatKinds: Readonly<Partial<Record<PlaceKind, readonly PlaceKind[]>>> = {
  cityadmin: ['city'],
  settlement_admin: ['townlet', 'village'],
  village_admin: ['village', 'townlet'],
  districtadmin: ['citydistrict'],
};
export const administrations: ReadonlySet<string> = new Set(Object.keys(seatKinds));

/** Reads the rows of `places.tsv` and `populations.tsv` (data/README.md describes them). */
export function createPlaceTable(rows: readonly string[][], populations: readonly string[][]): PlaceTable {
  const count = rows.length;
  const kato = new Int32Array(count);
  const kinds: PlaceKind[] = [];
  const names: Record<AddressLanguage, string[]> = { kk: [], ru: [] };
  const unusual = { kk: new Map<number, string>(), ru: new Map<number, string>() };
  const indexOf = new Map<number, number>();
  rows.forEach(([code = '', kind = 'other', kk = '', ru = '', kkFull = '', ruFull = ''], index) => {
    kato[index] = Number(code);
    indexOf.set(Number(code), index);
    kinds.push(kind as PlaceKind);
    names.kk.push(kk);
    names.ru.push(ru === '' ? kk : ru);
    if (kkFull !== '') unusual.kk.set(index, kkFull);
    if (ruFull !== '') unusual.ru.set(index, ruFull);
  });
  const parents = kato.map((code) => parentOf(code, indexOf));
  const inhabitants = new Map(populations.map(([code, people]) => [Number(code), Number(people)]));
  const weights = new Float32Array(count);
  kato.forEach((code, index) => {
    weights[index] = placeWeight(kinds[index] ?? 'other', code, inhabitants.get(code));
  });
  return {
    count,
    kato,
    kinds,
    names,
    unusual,
    indexOf,
    parents,
    seats: seatsOf(kinds, parents),
    weights,
  };
}

/** The classifier's code is hierarchical: two digits, two, two, three. */
function parentOf(code: number, indexOf: ReadonlyMap<number, number>): number {
  for (const within of [1_000, 100_000, 10_000_000]) {
    const above = Math.floor(code / within) * within;
    if (above === code) continue;
    const index = indexOf.get(above);
    if (index !== undefined) return index;
  }
  return -1;
}

function seatsOf(kinds: readonly PlaceKind[], parents: Int32Array): Int32Array {
  const seats = new Int32Array(kinds.length).fill(-1);
  kinds.forEach((kind, index) => {
    const above = parents[index] ?? -1;
    const may = seatKinds[kinds[above] ?? 'other'];
    const rank = may?.indexOf(kind) ?? -1;
    if (rank < 0) return;
    const present = seats[above] ?? -1;
    const presentRank = may?.indexOf(kinds[present] ?? 'other') ?? -1;
    if (present < 0 || rank < presentRank) seats[above] = index;
  });
  return seats;
}

const kindWeights: Readonly<Record<PlaceKind, number>> = {
  repcity: 1,
  city: 0.55,
  region: 0.5,
  district: 0.42,
  citydistrict: 0.36,
  townlet: 0.25,
  village: 0.14,
  rural_okrug: 0.08,
  station: 0.06,
  siding: 0.04,
  plot: 0.02,
  winter: 0.01,
  pasture: 0.01,
  point: 0.01,
  farm: 0.01,
  other: 0,
  cityadmin: 0,
  settlement_admin: 0,
  village_admin: 0,
  districtadmin: 0,
};

/**
 * Depends on the kind, and for a town on its inhabitants. A village weighs more when it is the seat
 * of its district or of its rural district. The classifier numbers the seat of a rural district
 * 100. The rural district that holds the seat of a district has the number 30.
 */
function placeWeight(kind: PlaceKind, code: number, inhabitants: number | undefined): number {
  const base = kindWeights[kind];
  if (inhabitants !== undefined && kind === 'city') {
    return base + 0.4 * Math.min(1, Math.max(0, Math.log10(inhabitants / 5_000) / 2));
  }
  if (kind !== 'village' && kind !== 'townlet') return base;
  const seat = code % 1_000 === 100;
  const districtSeat = seat && Math.floor(code / 1_000) % 100 === 30;
  return base + (districtSeat ? 0.16 : seat ? 0.05 : 0);
}

export function kindOf({ kinds }: PlaceTable, index: number): PlaceKind {
  return kinds[index] ?? 'other';
}

export function placeAt(table: PlaceTable, index: number): Place {
  const { kato, names } = table;
  return {
    kato: kato[index] ?? 0,
    kind: kindOf(table, index),
    name: { kk: names.kk[index] ?? '', ru: names.ru[index] ?? '' },
  };
}

/** The places that contain this one, nearest first. */
export function* placesAbove({ parents }: PlaceTable, index: number): Generator<number, void> {
  for (let above = parents[index] ?? -1; above >= 0; above = parents[above] ?? -1) yield above;
}

/** The full name of a place: "Шамалған ауылы". */
export function fullName(table: PlaceTable, index: number, language: AddressLanguage): string {
  const name = table.names[language][index] ?? '';
  return table.unusual[language].get(index) ?? wording[kindOf(table, index)][language].replace('@', name);
}
