/**
 * Terminal control characters and marks that change the direction of writing. Names, addresses and
 * answers of gateways come from outside. On an operator's terminal they could move the cursor,
 * change the title or hide the text beside them.
 */
const controls = /(?!\n)[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}\ufeff]/gu;

/** The text with every control character except the line feed escaped, e.g. as `\u001b`. */
export function printable(text: string): string {
  return text.replace(controls, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** Prints on stdout with control characters escaped. Every command prints through this function. */
export function print(text: string): void {
  process.stdout.write(printable(text));
}
