import { foldWord } from './fold.ts';
import type { PlaceKind } from './wording.ts';

const settlements: readonly PlaceKind[] = [
  'village',
  'townlet',
  'station',
  'siding',
  'plot',
  'winter',
  'pasture',
  'point',
  'farm',
  'other',
];

/** Words for a kind of place, as people write and shorten them in three languages. */
const spoken: readonly (readonly [readonly PlaceKind[], string])[] = [
  [['region'], 'облысы облыс обл область области region oblast oblysy'],
  [['district', 'citydistrict'], 'ауданы аудан ауд район района рн district raion rayon audany'],
  [['city', 'repcity'], 'қаласы қала қ город города гор г city town qalasy'],
  [['rural_okrug'], 'округі округ окр сельский ауылдық со ао okrug'],
  [['townlet'], 'кенті кент поселок посёлок пос п пгт kent posyolok poselok'],
  [settlements, 'ауылы ауыл аул а село села с village selo auyl auyly aul'],
  [['station'], 'станциясы станция ст бекеті station'],
  [['siding'], 'разъезі разъезд рзд'],
  [['winter'], 'қыстауы қыстау қыстақ зимовка'],
  [['plot'], 'учаскесі учаске участок уч'],
  [['pasture'], 'жайылымы отгон отг'],
  [['point'], 'мекені точка'],
  [[], 'республикасы республика республики рк қр қазақстан казахстан kazakhstan qazaqstan атындағы имени им'],
];

const kindsByWord = new Map<string, Set<PlaceKind>>();
for (const [kinds, words] of spoken) {
  for (const word of words.split(' ')) {
    const folded = foldWord(word);
    const known = kindsByWord.get(folded) ?? new Set<PlaceKind>();
    for (const kind of kinds) known.add(kind);
    kindsByWord.set(folded, known);
  }
}

/** The kinds that a folded word names ("село", "обл"), or undefined when it names none. */
export function kindsSpokenOf(word: string): ReadonlySet<PlaceKind> | undefined {
  return kindsByWord.get(word);
}

/** True when a word for a kind begins this way, so the person may still be typing it. */
export function beginsKindWord(word: string): boolean {
  if (word.length < 2) return false;
  for (const known of kindsByWord.keys()) if (known.startsWith(word)) return true;
  return false;
}
