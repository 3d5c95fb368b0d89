/**
 * Controls of a terminal, and marks that turn the direction of writing. Names, addresses and
 * answers of gateways come from outside: on an operator's terminal they could move the cursor,
 * change its title or hide what stands beside them.
 */
const controls = /(?!\n)[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}\ufeff]/gu;

/** The text with every control but the line feed written out, as `\u001b`. */
export function printable(text: string): string {
  return text.replace(controls, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** Prints on stdout, harmless for a terminal. Every command prints by this. */
export function print(text: string): void {
  process.stdout.write(printable(text));
}
