/** The command: plays one scan, or every scan that an address offers. */
import { createInterface } from 'node:readline/promises';
import { parseArgs } from 'node:util';
import type { Identity } from 'nca-verify/testing';
import { openBackUrl } from './back.ts';
import { call } from './call.ts';
import { openKeyFile, openListedKey } from './key-folder.ts';
import { keyKindOf, MODE_NAMES, MODES, type Mode } from './modes.ts';
import { type PhoneOptions, type PhoneRun, playPhone, type Shown } from './phone.ts';
import { AppRefusal } from './refusal.ts';

const USAGE = `Usage: egov-mobile-double [TEXT] (--key FILE | --keys FOLDER --iin IIN) [options]

Behaves as the eGov Mobile app, for demonstrations and tests only. TEXT is what a QR code holds
(mobileSign:https://…), or the link that opens the app. Only test keys belong in it.

  --watch URL       ask this address for TEXT every second (plain text; 204 when nothing waits), and play each
  --once            with --watch: stop after the first
  --key FILE        sign with this key file (PKCS#12)
  --keys FOLDER     sign with a key of this folder, which has a list as nca-agent makes it
  --iin IIN         whose key, with --keys
  --auto IIN        as --iin, and agree to everything without asking
  --password TEXT   the password of the key files (Qwerty12 unless given)
  --mode NAME       behave in another way; see below
  --seconds N       how long --mode slow waits (5)
  --language NAME   kk, ru or en: the language of the app (kk)
  --host NAME       a host of the app's list, may be repeated (localhost and 127.0.0.1 are on it)
  --local           allow http:// on this machine
  --back WAY        after signing, open the address that the app leads back to: never, elsewhere (in a browser without
                    cookies), or same (with the cookies of --cookies) (never)
  --cookies TEXT    the Cookie header of the browser that began, for --back same
  --help            print this help

Modes:
${MODE_NAMES.map((name) => `  ${name.padEnd(22)}${MODES[name]}`).join('\n')}

Exit code: 0 when the service took the signature or the person declined, 1 otherwise, 2 for misuse.

Example:
  egov-mobile-double "mobileSign:http://localhost:3000/egov/7Qm3xW0c9eUj2bYk/mgovSign" --local --key my.p12
`;

class Misuse extends Error {}

interface Chosen {
  readonly options: PhoneOptions;
  readonly back: 'never' | 'elsewhere' | 'same';
  readonly cookies: string | undefined;
}

/** Runs the command. Returns its exit code. */
export async function main(parameters: readonly string[]): Promise<number> {
  try {
    return await run(parameters);
  } catch (error) {
    console.error((error as Error).message);
    const { code } = error as NodeJS.ErrnoException;
    return error instanceof Misuse || code?.startsWith('ERR_PARSE_ARGS') ? 2 : 1;
  }
}

async function run(parameters: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...parameters],
    allowPositionals: true,
    options: {
      watch: { type: 'string' },
      once: { type: 'boolean', default: false },
      key: { type: 'string' },
      keys: { type: 'string' },
      iin: { type: 'string' },
      auto: { type: 'string' },
      password: { type: 'string', default: 'Qwerty12' },
      mode: { type: 'string', default: 'ok' },
      seconds: { type: 'string', default: '5' },
      language: { type: 'string', default: 'kk' },
      host: { type: 'string', multiple: true, default: [] },
      local: { type: 'boolean', default: false },
      back: { type: 'string', default: 'never' },
      cookies: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  if (process.env['NODE_ENV'] === 'production')
    throw new Error('The double of the phone does not run with NODE_ENV=production.');
  const [text, more] = positionals;
  if ((text === undefined) === (values.watch === undefined) || more !== undefined)
    throw new Misuse('Give the text of one code, or --watch. See --help.');
  const chosen = choose(values);
  if (text !== undefined) return play(text, chosen);
  return watch(values.watch ?? '', values.once, chosen);
}

/** Reads the options. @throws Misuse */
function choose(values: {
  readonly key?: string | undefined;
  readonly keys?: string | undefined;
  readonly iin?: string | undefined;
  readonly auto?: string | undefined;
  readonly password: string;
  readonly mode: string;
  readonly seconds: string;
  readonly language: string;
  readonly host: readonly string[];
  readonly local: boolean;
  readonly back: string;
  readonly cookies?: string | undefined;
}): Chosen {
  const mode = oneOf('--mode', values.mode, MODE_NAMES);
  const seconds = Number(values.seconds);
  if (!(seconds >= 0)) throw new Misuse(`--seconds ${values.seconds}: must be a number of seconds`);
  return {
    options: {
      key: keyFor(mode, values),
      mode,
      seconds,
      language: oneOf('--language', values.language, ['kk', 'ru', 'en'] as const),
      allowedHosts: ['localhost', '127.0.0.1', ...values.host],
      allowLocalHttp: values.local,
      agree: values.auto === undefined ? askPerson : showOnly,
    },
    back: oneOf('--back', values.back, ['never', 'elsewhere', 'same'] as const),
    cookies: values.cookies,
  };
}

function oneOf<Name extends string>(option: string, value: string, names: readonly Name[]): Name {
  const found = names.find((one) => one === value);
  if (found === undefined) throw new Misuse(`${option} ${value}: must be one of ${names.join(', ')}`);
  return found;
}

function keyFor(
  mode: Mode,
  {
    key,
    keys,
    iin,
    auto,
    password,
  }: {
    readonly key?: string | undefined;
    readonly keys?: string | undefined;
    readonly iin?: string | undefined;
    readonly auto?: string | undefined;
    readonly password: string;
  },
): Identity {
  const person = auto ?? iin;
  if (key !== undefined) return openKeyFile(key, password);
  if (keys === undefined || person === undefined)
    throw new Misuse('Give --key FILE, or --keys FOLDER with --iin or --auto. See --help.');
  return openListedKey(keys, password, keyKindOf(mode), person);
}

/** Plays what an address offers, until the process is stopped. */
async function watch(address: string, once: boolean, chosen: Chosen): Promise<number> {
  if (!URL.canParse(address)) throw new Misuse(`--watch ${address}: must be an address`);
  console.log(`Waiting for a code at ${address}.`);
  let former: string | undefined;
  for (;;) {
    const { status, text } = await call(new URL(address), {
      method: 'GET',
      headers: { accept: 'text/plain' },
    });
    if (status !== 200 && status !== 204) throw new Error(`${address} answers ${status}`);
    // The app may have refused this one before it called the service.
    if (status === 200 && text !== former) {
      former = text;
      const code = await play(text.trim(), chosen);
      if (once) return code;
    }
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}

async function play(text: string, { options, back, cookies }: Chosen): Promise<number> {
  let run: PhoneRun;
  try {
    run = await playPhone(text, options);
  } catch (error) {
    if (!(error instanceof AppRefusal)) throw error;
    console.log(`The app stops (${error.reason}): ${printable(error.message)}`);
    return 1;
  }
  for (const { what, status, message } of run.calls)
    console.log(printable(`${what}: ${status || 'cut'}${message === undefined ? '' : `, "${message}"`}`));
  if (run.outcome === 'declined') console.log('Declined: nothing was sent.');
  if (run.backUrl !== undefined) {
    console.log(printable(`The app shows a button "Back": ${run.backUrl}`));
    if (back !== 'never') await leadBack(run.backUrl, back === 'same' ? cookies : undefined);
  }
  return run.outcome === 'refused' ? 1 : 0;
}

async function leadBack(url: string, cookies: string | undefined): Promise<void> {
  const page = await openBackUrl(url, { cookies });
  console.log(`Opened it: ${page.status}.`);
  if (cookies !== undefined) {
    const { status, location } = await page.press();
    console.log(printable(`Pressed the button: ${status} ${location ?? ''}`));
  } else if (page.digits !== undefined) {
    console.log(`It shows six digits, to be typed where you began: ${page.digits}`);
  }
}

async function showOnly(shown: Shown): Promise<boolean> {
  show(shown);
  return true;
}

async function askPerson(shown: Shown): Promise<boolean> {
  show(shown);
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return /^y/i.test(await terminal.question('Sign it? y or Enter to decline: '));
  } finally {
    terminal.close();
  }
}

function show({ request, documents }: Shown): void {
  const { organisation, description, expiresAt } = request;
  console.log(
    printable(`\n${organisation.nameKz} (${organisation.bin}) asks until ${expiresAt.toISOString()}:`),
  );
  console.log(printable(description).replace(/^/gm, '  '));
  for (const { nameKz, meta, mime, shown } of documents) {
    console.log(printable(nameKz));
    for (const { name, value } of meta) console.log(printable(`  ${name}: ${value}`));
    console.log((shown === null ? `(${mime} is not shown)` : printable(shown)).replace(/^/gm, '  | '));
  }
}

/** Writes control characters as `\u001b`, so that text from a site cannot control the terminal. */
function printable(text: string): string {
  return text.replace(
    /(?!\n)[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}\ufeff]/gu,
    (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
