import { type FoldedWord, foldedWords, foldWord } from './fold.ts';

const spoken =
  'көшесі көше көш ул улица улицы даңғылы даңғыл дң пр просп проспект пркт бульвары бульвар бул бр ' +
  'переулок пер тұйық проезд өткелі өткел шоссе тас жолы тракт площадь пл алаңы алаң квартал кв орамы орам ' +
  'микрорайон мкр мкрн мн шағын ауданы шағынаудан ықшамаудан ықшам жилой массив жм алабы алап ' +
  'имени им атындағы street avenue ave str koshesi dangyly prospekt ulitsa mikrorayon';

const streetWords: ReadonlySet<string> = new Set(spoken.split(' ').map(foldWord));
const houseWords: ReadonlySet<string> = new Set(
  'үй дом д house корпус корп блок строение стр пәтер пәт квартира кв офис'.split(' ').map(foldWord),
);

/** The words typed after a place: which ones name a street, and where the house begins. */
export interface StreetText {
  /**
   * Folded words of the street's name, without words for the kind of street. Empty when none is
   * named.
   */
  readonly name: readonly string[];
  /**
   * Numbers that may belong to the street's name ("28 панфиловцев", "5 микрорайон") or may be the
   * house.
   */
  readonly numbers: readonly FoldedWord[];
  /** The words in order, with their positions in the text. */
  readonly words: readonly FoldedWord[];
  /** True when a word or a number shows that a street or a house is meant. */
  readonly looksLikeStreet: boolean;
}

/** Reads what follows a place: "ул. Абая 10/2" names "abaia" and may have the house "10/2". */
export function readStreetText(text: string): StreetText {
  const words = foldedWords(text);
  const name: string[] = [];
  const numbers: FoldedWord[] = [];
  let spokenOf = false;
  for (const word of words) {
    if (/^\d/.test(word.word)) {
      numbers.push(word);
    } else if (streetWords.has(word.word)) {
      spokenOf = true;
    } else if (!houseWords.has(word.word) && word.word.length > 1) {
      // A word after a number is the letter or the flat of the house, unless the number came first.
      if (numbers.length === 0 || name.length === 0) name.push(word.word);
    }
  }
  return { name, numbers, words, looksLikeStreet: spokenOf || numbers.length > 0 };
}

/** True for a word that names a kind of street or a part of a house number. */
export function isStreetWord(word: string): boolean {
  return streetWords.has(word) || houseWords.has(word);
}
