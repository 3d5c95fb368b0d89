/**
 * A language in which an address is written. The form accepts Cyrillic letters only, so there is no
 * English address.
 */
export type AddressLanguage = 'kk' | 'ru';

/** Kinds of place in the classifier, from the largest to the smallest. */
export type PlaceKind = keyof typeof wording;

/** The full form of each kind of place in Kazakh and in Russian. `@` stands for the name. */
export const wording = {
  region: { kk: '@ облысы', ru: '@ область' },
  repcity: { kk: '@ қаласы', ru: 'город @' },
  district: { kk: '@ ауданы', ru: '@ район' },
  citydistrict: { kk: '@ ауданы', ru: '@ район' },
  city: { kk: '@ қаласы', ru: 'город @' },
  townlet: { kk: '@ кенті', ru: 'посёлок @' },
  village: { kk: '@ ауылы', ru: 'село @' },
  rural_okrug: { kk: '@ ауылдық округі', ru: '@ сельский округ' },
  cityadmin: { kk: '@ қалалық әкімдігі', ru: 'городская администрация @' },
  settlement_admin: { kk: '@ кенттік әкімдігі', ru: 'поселковая администрация @' },
  village_admin: { kk: '@ ауылдық әкімдігі', ru: 'сельская администрация @' },
  districtadmin: { kk: '@ аудандық әкімдігі', ru: 'районная администрация @' },
  station: { kk: '@ станциясы', ru: 'станция @' },
  siding: { kk: '@ разъезі', ru: 'разъезд @' },
  plot: { kk: '@ учаскесі', ru: 'участок @' },
  winter: { kk: '@ қыстауы', ru: 'зимовка @' },
  pasture: { kk: '@ жайылымы', ru: 'отгон @' },
  point: { kk: '@ мекені', ru: 'точка @' },
  farm: { kk: '@ шаруа қожалығы', ru: 'крестьянское хозяйство @' },
  other: { kk: '@', ru: '@' },
} as const;

/** Kinds of street that an operator's file may use, and their full forms. */
export const streetWording = {
  street: { kk: '@ көшесі', ru: 'улица @' },
  avenue: { kk: '@ даңғылы', ru: 'проспект @' },
  boulevard: { kk: '@ бульвары', ru: 'бульвар @' },
  lane: { kk: '@ тұйық көшесі', ru: 'переулок @' },
  passage: { kk: '@ өткелі', ru: 'проезд @' },
  highway: { kk: '@ тас жолы', ru: 'шоссе @' },
  square: { kk: '@ алаңы', ru: 'площадь @' },
  quarter: { kk: '@ орамы', ru: 'квартал @' },
  microdistrict: { kk: '@ шағын ауданы', ru: 'микрорайон @' },
  estate: { kk: '@ тұрғын алабы', ru: 'жилой массив @' },
  other: { kk: '@', ru: '@' },
} as const;

/** A kind of street in an operator's file. */
export type StreetKind = keyof typeof streetWording;

/**
 * The language in which a page in `page` writes addresses. Kazakh when the page is in neither of
 * the two.
 */
export function addressLanguage(page: string): AddressLanguage {
  return page === 'ru' ? 'ru' : 'kk';
}
