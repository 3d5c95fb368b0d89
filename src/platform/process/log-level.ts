/** A log whose level can be changed. */
interface LeveledLog {
  level: string;
  info(fields: object, message: string): void;
}

/** From the primary process to a worker: how much it logs from now on. */
interface LevelOrder {
  readonly level: string;
}

/**
 * Changes how much is logged at each SIGUSR2: from the level of the settings to `debug`, and back.
 * Where the settings say `debug`, the other level is `info`.
 * @param tell passes the level on to other processes
 */
export function levelBySignal(log: LeveledLog, tell: (order: LevelOrder) => void = () => undefined): void {
  const usual = log.level;
  const other = usual === 'debug' ? 'info' : 'debug';
  process.on('SIGUSR2', () => {
    const level = log.level === usual ? other : usual;
    setLevel(log, level, usual);
    tell({ level });
  });
}

/**
 * In a worker: takes the level from the primary process. The signal itself, which may come to the
 * whole process group, is ignored: the worker would otherwise change its level twice.
 */
export function obeyLevel(log: LeveledLog, now: string): void {
  const usual = log.level;
  log.level = now;
  process.on('SIGUSR2', () => undefined);
  process.on('message', (message: unknown) => {
    if (isLevelOrder(message)) setLevel(log, message.level, usual);
  });
}

/** Logs the change at the other level than `usual`, which may be too quiet to show it. */
function setLevel(log: LeveledLog, level: string, usual: string): void {
  const say = () => log.info({ to: level }, 'the log level changes');
  if (level === usual) say();
  log.level = level;
  if (level !== usual) say();
}

function isLevelOrder(message: unknown): message is LevelOrder {
  return typeof message === 'object' && message !== null && 'level' in message;
}
