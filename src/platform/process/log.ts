import { type DestinationStream, type Logger, pino } from 'pino';

/** Lines wait so long for others, in milliseconds: writing each alone costs more than making it. */
const gatherMs = 100;
/**
 * The most characters that wait. A pipe takes up to 4,096 bytes in one piece, so that the lines of
 * several processes do not mix.
 */
const portion = 4_000;

/** Lines of this level and above do not wait: a warning. */
const urgent = 40;

/** What pino tells a stream that asks for it, before each line. */
interface Leveled {
  readonly [metadata]: true;
  lastLevel: number;
}
const metadata = Symbol.for('pino.metadata');

/** The log of a process, on the standard error output unless another is named. */
export function createLog(level: string, dest = 2): Logger {
  const output = pino.destination({ dest, sync: false, maxWrite: portion + 96 });
  const gathered = gatherLines(output);
  // Before pino's own, which writes what the output still holds.
  process.prependListener('exit', gathered.hand);
  return pino({ level, base: null }, gathered);
}

/**
 * Writes lines in portions. Warnings and errors are handed over at once, with all lines before
 * them.
 *
 * @internal
 */
export function gatherLines(
  output: DestinationStream & { flushSync(): void },
): DestinationStream & Leveled & { hand(): void; flushSync(): void } {
  let waiting = '';
  let timer: NodeJS.Timeout | undefined;
  const hand = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (waiting !== '') output.write(waiting);
    waiting = '';
  };
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
