// A line of the list under the address.

/** Kazakh letters and ё, with the letters that people type in their place. Lengths stay. */
const folds: Readonly<Record<string, string>> = {
  ә: 'а',
  ғ: 'г',
  қ: 'к',
  ң: 'н',
  ө: 'о',
  ұ: 'у',
  ү: 'у',
  һ: 'х',
  і: 'и',
  ы: 'и',
  й: 'и',
  ё: 'е',
};

function fold(text: string): string {
  return text.toLowerCase().replace(/[әғқңөұүһіыйё]/g, (letter) => folds[letter] ?? letter);
}

/**
 * One line, with the typed beginnings of words marked. Text only: nothing from the server becomes
 * markup.
 */
export function optionFor(text: string, typed: string): HTMLElement {
  const option = document.createElement('u-option');
  option.setAttribute('value', text);
  const beginnings = fold(typed)
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '');
  for (const [piece] of text.matchAll(/[\p{L}\p{N}]+|[^\p{L}\p{N}]+/gu)) {
    const folded = fold(piece);
    const marked = Math.max(0, ...beginnings.map((word) => (folded.startsWith(word) ? word.length : 0)));
    if (marked > 0) {
      const mark = document.createElement('mark');
      mark.textContent = piece.slice(0, marked);
      option.append(mark);
    }
    option.append(piece.slice(marked));
  }
  return option;
}
