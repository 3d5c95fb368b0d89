/** Lines wait so long for others, in milliseconds: writing each alone costs more than making it. */
const gatherMs = 100;
/** The most characters that wait. */
const portion = 4_000;
/**
 * The most bytes of one write. A pipe takes them in one piece, so that the lines of several
 * processes do not mix.
 */
export const mostAtOnce = 4_096;
/** Lines of this level and above do not wait: a warning. */
const urgent = 40;

/** What pino tells a stream that asks for it, before each line. */
interface Leveled {
  readonly [metadata]: true;
  lastLevel: number;
}
const metadata = Symbol.for('pino.metadata');

/** Where lines go in the end. */
interface LineOutput {
  write(text: string): void;
  flushSync(): void;
}

/**
 * Writes the lines of a log in portions. Warnings and errors are handed over at once, with all
 * lines before them, and so is everything when the process ends. Make it after `output`: what the
 * output itself still holds is then written later.
 */
export function gatherLines(output: LineOutput): LineOutput & Leveled & { hand(): void } {
  let waiting = '';
  let timer: NodeJS.Timeout | undefined;
  const hand = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (waiting !== '') output.write(waiting);
    waiting = '';
  };
  process.prependListener('exit', hand);
  return {
    [metadata]: true,
    lastLevel: 0,
    write(line) {
      if (waiting.length + line.length > portion) hand();
      waiting += line;
      if (this.lastLevel >= urgent) hand();
      else timer ??= setTimeout(hand, gatherMs).unref();
    },
    hand,
    // Pino calls it after a fatal error.
    flushSync() {
      hand();
      output.flushSync();
    },
  };
}
