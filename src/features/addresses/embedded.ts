import { parseAddress } from '../../values/address.ts';
import type { Postcode } from '../../values/postcode.ts';
import { accepted } from '../../values/result.ts';
import { cleanText } from './fold.ts';
import { isTown, placesOfLine, readBeginning, readOfferedBeginning, weightOf } from './line-beginning.ts';
import type { Place } from './place-table.ts';
import type { Places } from './places.ts';
import { regionOfPostcode } from './postcode-region.ts';
import type { EmbeddedSource, FoundAddress, InBoth } from './source.ts';
import type { StreetLookup } from './street.ts';
import { rankStreets, streetAddresses } from './street-address.ts';
import { readStreetText, type StreetText } from './street-words.ts';

/** Maximum number of addresses that one search returns. */
const most = 20;

/**
 * Addresses from the data shipped with the service: places of the classifier, and streets where an
 * operator has imported them. It needs no network and never refuses. A street and house typed after
 * a complete place are kept as typed.
 */
export function createEmbeddedSource(places: Places, streets?: StreetLookup): EmbeddedSource {
  return {
    byText: async (text) => accepted(await findByText(places, streets, cleanText(text))),
    byLine: async (line) =>
      (await streets?.any())
        ? findByText(places, streets, cleanText(line))
        : findByLine(places, cleanText(line)),
    /**
     * Answers with the region that the postcode begins as. The embedded data know nothing else
     * about postcodes.
     */
    byPostcode: async (postcode: Postcode) => {
      const kato = regionOfPostcode(postcode);
      const place = kato === null ? undefined : places.place(kato);
      return accepted(place === undefined ? [] : [{ ...placeAddress(places, place), postcode }]);
    },
  };
}

async function findByText(
  places: Places,
  streets: StreetLookup | undefined,
  query: string,
): Promise<readonly FoundAddress[]> {
  const { found, add } = collectAddresses();
  const begun = readBeginning(places, query);
  const withStreets = streets !== undefined && (await streets.any()) ? streets : undefined;
  // "Абай Семей" is the town Семей in the region Абай, and not something in a town named Абай.
  const named = places.find(query, 1, 'words')[0];
  const larger =
    named !== undefined &&
    (['city', 'repcity', 'citydistrict'].includes(named.kind) ||
      weightOf(places, named) >= weightOf(places, begun?.places[0]));
  const leads =
    begun !== undefined &&
    (begun.chosen || begun.street.looksLikeStreet || (begun.places.slice(0, 1).some(isTown) && !larger));
  // When streets are found without a place, places that match only with a typing error are not
  // searched.
  const anywhere =
    begun === undefined && withStreets !== undefined ? await streetsAnywhere(places, withStreets, query) : [];
  const strict = leads || anywhere.length > 0;
  const wholes = strict ? places.find(query, most, 'beginnings') : places.find(query, most);
  if (!leads) for (const place of wholes) add(placeAddress(places, place));
  for (const address of anywhere) add(address);
  if (begun !== undefined && (leads || named === undefined)) {
    for (const place of begun.places) {
      for (const address of await streetsIn(places, withStreets, place, begun.tail, begun.street))
        add(address);
    }
    for (const place of begun.places) {
      const address = typedBehind(places, place, begun.tail);
      // What may be anything ("алматы абай") is no address yet, and a street in Latin letters must
      // not be in the line. The place alone is offered then.
      const isStreet = begun.chosen || begun.street.looksLikeStreet;
      add(isStreet && fits(address.text) ? address : placeAddress(places, place));
    }
  }
  if (leads) for (const place of wholes) add(placeAddress(places, place));
  return found;
}

/** A search costs many times that, and a save knows the line in full. */
function findByLine(places: Places, line: string): readonly FoundAddress[] {
  const { found, add } = collectAddresses();
  const begun = readOfferedBeginning(places, line);
  for (const place of begun?.places ?? []) add(typedBehind(places, place, begun?.tail ?? ''));
  for (const place of placesOfLine(places, line)) add(placeAddress(places, place));
  return found;
}

/** Collects each line once. Lines that the form would refuse are not offered. */
function collectAddresses() {
  const found: FoundAddress[] = [];
  const known = new Set<string>();
  return {
    found,
    add(address: FoundAddress): void {
      if (found.length >= most || known.has(address.text.kk) || !fits(address.text)) return;
      known.add(address.text.kk);
      found.push(address);
    },
  };
}

async function streetsIn(
  places: Places,
  streets: StreetLookup | undefined,
  place: Place,
  tail: string,
  street: StreetText,
): Promise<FoundAddress[]> {
  const asked = street.name.length > 0 ? street.name : street.numbers.slice(0, 1).map(({ word }) => word);
  if (streets === undefined || asked.length === 0) return [];
  const found = await streets.find(asked, [place.kato, ...places.cityDistricts(place.kato)]);
  return rankStreets(places, found, street).flatMap((of) => streetAddresses(places, of, tail));
}

async function streetsAnywhere(
  places: Places,
  streets: StreetLookup,
  query: string,
): Promise<FoundAddress[]> {
  const street = readStreetText(query);
  if (street.name.join('').length < 3) return [];
  const found = await streets.find(street.name, null);
  return rankStreets(places, found, street).flatMap((of) => streetAddresses(places, of, query));
}

function placeAddress(places: Places, { kato }: Place): FoundAddress {
  return {
    origin: 'kato',
    id: String(kato),
    postcode: null,
    text: { kk: places.line(kato, 'kk'), ru: places.line(kato, 'ru') },
    parts: places.parts(kato),
  };
}

function typedBehind(places: Places, place: Place, tail: string): FoundAddress {
  const address = placeAddress(places, place);
  return {
    ...address,
    text: { kk: `${address.text.kk}, ${tail}`, ru: `${address.text.ru}, ${tail}` },
    parts: [...address.parts, { kind: 'typed', id: null, text: { kk: tail, ru: tail } }],
  };
}

function fits(text: InBoth): boolean {
  return parseAddress(text.kk).ok && parseAddress(text.ru).ok;
}
