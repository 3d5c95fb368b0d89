/** `npm run agent`: makes the demonstration keys and answers on 13579 until it is stopped. */
import { dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Agent, FAULTS, type Fault, NCALAYER_PORT, startAgent } from './agent.ts';
import { type DemoKeys, fits, KEY_PASSWORD, openKeyFile, prepareKeys, readPeople } from './keys.ts';
import type { Choose, SignRequest } from './protocol.ts';

const USAGE = `Usage: npm run agent -- [--auto KEYFILE] [--password TEXT] [--any-key] [--fault NAME] [--delay MS]

Answers like NCALayer on 127.0.0.1:${NCALAYER_PORT}, for demonstrations and tests only. The first start makes keys of
invented people under VAR_DIR/eds.

  --auto KEYFILE    sign every request with this key, without asking; a path, or the IIN of a person
  --password TEXT   password of that key file (${KEY_PASSWORD} unless given)
  --any-key         allow a key of another kind than the site asked for
  --fault NAME      show a fault on purpose: ${FAULTS.join(', ')}
  --delay MS        milliseconds to wait before each answer
  --help            print this help

Example:
  npm run agent -- --auto 900101300007
`;

/** Runs until it is stopped. */
export async function main(parameters: readonly string[]): Promise<void> {
  try {
    await run(parameters);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    console.error(
      code === 'EADDRINUSE'
        ? `Something listens on 127.0.0.1:${NCALAYER_PORT} already: NCALayer, or another agent. Stop it first.`
        : message,
    );
    process.exitCode = 1;
  }
}

async function run(parameters: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...parameters],
    options: {
      auto: { type: 'string' },
      password: { type: 'string', default: KEY_PASSWORD },
      'any-key': { type: 'boolean', default: false },
      fault: { type: 'string', default: 'none' },
      delay: { type: 'string', default: '0' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return void process.stdout.write(USAGE);
  if (process.env['NODE_ENV'] === 'production')
    throw new Error('The demonstration agent does not run with NODE_ENV=production.');
  const fault = FAULTS.find((one) => one === values.fault);
  if (fault === undefined) throw new Error(`--fault ${values.fault}: must be one of ${FAULTS.join(', ')}`);
  const delay = Number(values.delay);
  if (!Number.isInteger(delay) || delay < 0)
    throw new Error(`--delay ${values.delay}: must be a whole number of milliseconds`);

  const people = readPeople(fileURLToPath(new URL('../../../data/demo-people.jsonl', import.meta.url)));
  const keys = prepareKeys(join(resolve(process.env['VAR_DIR'] || 'var'), 'eds'), people, new Date());
  const choose = values.auto === undefined ? asking(keys) : always(keys, values.auto, values.password);
  const agent = await startAgent({
    choose: async (request) => {
      const identity = await choose(request);
      if (identity === null || values['any-key'] || fits(identity, request)) return identity;
      console.log(
        'The site asked for another kind of key: cancelled, as NCALayer would not let it be chosen.',
      );
      return null;
    },
    fault,
    delay,
  });
  const lists = setInterval(() => keys.writeLists(new Date()), 3_600_000);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      clearInterval(lists);
      void agent.close().then(() => process.exit(0));
    });
  }
  process.stdout.write(greeting(keys, agent, fault));
}

/**
 * What the command says once it answers.
 *
 * @internal The test reads it without the command, whose port may be taken.
 */
export function greeting(
  { folder, files }: Pick<DemoKeys, 'folder' | 'files'>,
  { port }: Pick<Agent, 'port'>,
  fault: Fault,
): string {
  const lines = [
    `The demonstration agent answers on wss://127.0.0.1:${port}, and is no NCALayer: only test keys belong in it.`,
    `Once for each browser: open https://127.0.0.1:${port} and accept its certificate.`,
    `Keys (password ${KEY_PASSWORD}) in ${folder}:`,
    ...files.map(({ file, owner, iin, kind }) => `  ${iin}  ${owner}, ${kind}  ${file}`),
    `A service trusts these keys if it was started with VAR_DIR=${dirname(folder)}, and else calls each untrusted.`,
    ...(fault === 'none' ? [] : [`Fault on purpose: ${fault}`]),
  ];
  return `${lines.join('\n')}\n`;
}

/** Always uses the same key. */
function always(keys: DemoKeys, named: string, password: string): Choose {
  const known = keys.files.find(({ iin, file }) => iin === named || file === named);
  const identity = openKeyFile(known ? join(keys.folder, known.file) : resolve(named), password);
  return async () => identity;
}

/** Asks on the terminal, one request at a time. */
function asking(keys: DemoKeys): Choose {
  let turn: Promise<unknown> = Promise.resolve();
  return (request) => {
    const asked = turn.then(() => ask(keys, request));
    turn = asked.catch(() => undefined);
    return asked;
  };
}

/** Writes control characters as `\u001b`, so that text from a site cannot control the terminal. */
function printable(text: string): string {
  return text.replace(
    /(?!\n)[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}\ufeff]/gu,
    (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

async function ask(keys: DemoKeys, { documents }: SignRequest): ReturnType<Choose> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    console.log('\nA site asks for a signature over:');
    for (const document of documents)
      console.log(printable(Buffer.from(document).toString('utf8')).replace(/^/gm, '  | '));
    for (const [index, { owner, kind }] of keys.files.entries())
      console.log(`  ${index + 1}. ${owner}, ${kind}`);
    const number = Number(await terminal.question('Number of the key, or Enter to cancel: '));
    const chosen = keys.files[number - 1];
    if (!chosen) return null;
    const password = await terminal.question(`Password (${KEY_PASSWORD}), or Enter to cancel: `);
    return password === '' ? null : openKeyFile(join(keys.folder, chosen.file), password);
  } catch (error) {
    console.log(`Cancelled: ${(error as Error).message}`);
    return null;
  } finally {
    terminal.close();
  }
}
