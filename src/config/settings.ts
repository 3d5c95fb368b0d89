import { readFileSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { z } from 'zod';
import { validity } from '../platform/credentials.ts';
import { isLoopbackName } from '../platform/loopback.ts';
import { DEFAULT_MOBILE_PREFIXES } from '../values/phone.ts';

const whole = (from: number, to: number) =>
  z
    .string()
    .regex(/^[0-9]{1,9}$/, 'must be a whole number')
    .transform(Number)
    .refine((n) => n >= from && n <= to, `must be from ${from} to ${to}`);

const list = z.string().transform((text) =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== ''),
);

const gatewayUrl = (...schemes: readonly string[]) =>
  z.string().transform((text, context) => {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (url && url.hostname !== '' && schemes.includes(url.protocol.slice(0, -1))) return url;
    context.addIssue(`must be an address that begins with ${schemes.map((one) => `${one}://`).join(' or ')}`);
    return z.NEVER;
  });

const network = /^(?:[0-9]{1,3}(?:\.[0-9]{1,3}){3}|[0-9a-f:.]*:[0-9a-f:.]*)(?:\/[0-9]{1,3})?$/i;

/** The path of a file that is there. */
const file = z.string().refine((path) => statSync(path, { throwIfNoEntry: false })?.isFile() === true, {
  error: 'names no file',
  abort: true,
});
/** A file of one or more certificates. */
const certificates = file.refine(
  (path) => validity(readFileSync(path, 'utf8')) !== undefined,
  'names a file that holds no certificate (PEM)',
);

export interface Setting {
  readonly meaning: string;
  readonly default: string;
  readonly secret?: true;
  /**
   * Checks and converts a value that was set; what is unset takes `default` when that converts,
   * else undefined.
   */
  readonly schema: z.ZodType<unknown, string>;
}

/** Every setting of the service. `kabinet config` shows them in this order. */
export const settings = {
  PORT: { meaning: 'port of the service', default: '3000', schema: whole(0, 65_535) },
  HOST: { meaning: 'address to listen on', default: '127.0.0.1', schema: z.string().min(1) },
  ROLE: {
    meaning:
      'what this process does: web answers people, worker delivers, examines and keeps house (only /health on its port), all does both',
    default: 'all',
    schema: z.enum(['all', 'web', 'worker'], 'must be all, web or worker'),
  },
  WORKER_START_SECONDS: {
    meaning:
      'how long a process of --workers may take until it listens; then it is ended, and the log says so',
    default: '60',
    schema: whole(2, 600),
  },
  DRAIN_SECONDS: {
    meaning: 'after SIGTERM: not ready, but still accepting for so long, so that the proxy sends nobody more',
    default: '5 with PUBLIC_URL, else 0',
    schema: whole(0, 10),
  },
  PUBLIC_URL: {
    meaning: 'the origin people see, https except on a loopback name',
    default: '',
    schema: z.string().transform((text, context) => {
      const url = URL.canParse(text) ? new URL(text) : undefined;
      if (
        url &&
        url.href === `${url.origin}/` &&
        (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopbackName(url.hostname)))
      ) {
        return url;
      }
      context.addIssue('must be an origin such as https://cabinet.example.kz, http only for a loopback name');
      return z.NEVER;
    }),
  },
  TRUSTED_PROXIES: {
    meaning:
      'addresses or networks whose X-Forwarded-* headers count, comma-separated; none: TLS ends before the service, but each visitor keeps their own address',
    default: '',
    schema: list.refine(
      (all) => all.every((one) => network.test(one)) || (all.length === 1 && all[0] === 'none'),
      'must be addresses or networks such as 10.0.0.0/8, or none',
    ),
  },
  SECRET_KEYS: {
    meaning: 'keys of 32 characters or more, comma-separated; the first signs, all verify',
    default: '',
    secret: true,
    schema: list.refine(
      (all) => all.length > 0 && all.every((one) => one.length >= 32),
      'must each have at least 32 characters',
    ),
  },
  DATABASE_URL: {
    meaning: 'PostgreSQL 15 or later; unset: the embedded one',
    default: '',
    secret: true,
    schema: z.string().regex(/^postgres(?:ql)?:\/\//, 'must begin with postgres:// or postgresql://'),
  },
  DATABASE_DIRECT_URL: {
    meaning:
      'PostgreSQL itself, for migrations and commands, where DATABASE_URL is a PgBouncer in transaction mode; unset: DATABASE_URL',
    default: '',
    secret: true,
    schema: z.string().regex(/^postgres(?:ql)?:\/\//, 'must begin with postgres:// or postgresql://'),
  },
  DATABASE_POOL: {
    meaning: 'most database connections of each process; with --workers N there are N',
    default: '10',
    schema: whole(2, 200),
  },
  VAR_DIR: {
    meaning: 'folder of the embedded database and the made keys',
    default: './var',
    schema: z.string().min(1),
  },
  DEMO: {
    meaning: 'demonstration people and fakes: 1 or 0',
    default: 'on when nothing real is configured',
    schema: z.enum(['0', '1'], 'must be 1 or 0').transform((text) => text === '1'),
  },
  SESSION_IDLE_MINUTES: {
    meaning: 'a session ends after so long without a request',
    default: '15',
    schema: whole(3, 240),
  },
  SESSION_MAX_HOURS: {
    meaning: 'a session ends after so long in any case',
    default: '12',
    schema: whole(1, 24),
  },
  SESSIONS_PER_PERSON: {
    meaning: 'parallel sessions of one person; the oldest ends',
    default: '5',
    schema: whole(1, 50),
  },
  SIGN_IN_FREE_FAILURES: {
    meaning: 'failed sign-ins of one IIN from one network, or of a known device, before a delay begins',
    default: '5',
    schema: whole(1, 100),
  },
  SIGN_IN_MAX_DELAY_MINUTES: {
    meaning: 'the longest delay after failed sign-ins',
    default: '15',
    schema: whole(1, 1_440),
  },
  SIGN_IN_IIN_FAILURES: {
    meaning: 'failed sign-ins of one IIN from anywhere before unknown devices must wait',
    default: '30',
    schema: whole(5, 1_000),
  },
  EDS_TRUST: {
    meaning:
      'whose signatures count: production (the pinned NUC RK roots) or a folder of CA certificates; unset: production, in a demonstration VAR_DIR/eds',
    default: '',
    schema: z.string().min(1),
  },
  EDS_OCSP_URL: {
    meaning: "address of the authority's OCSP responder, e.g. http://ocsp.pki.gov.kz; unset: lists only",
    default: '',
    schema: z
      .string()
      .refine(
        (text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol),
        'must be an http or https address',
      ),
  },
  EDS_CRL_DIR: {
    meaning:
      'folder of revocation lists, full and delta, kept fresh from outside; unset: none, in a demonstration VAR_DIR/eds',
    default: '',
    schema: z.string().min(1),
  },
  EDS_FOLDER_SECONDS: {
    meaning: 'seconds between two looks at the folders of EDS_TRUST and EDS_CRL_DIR',
    default: '10',
    schema: whole(0, 3_600),
  },
  EDS_THREADS: {
    meaning: 'threads of this machine that verify signatures, for all --workers together, at least one each',
    default: String(Math.max(1, availableParallelism() - 1)),
    schema: whole(1, 256),
  },
  EDS_CHALLENGE_SECONDS: {
    meaning: 'how long bytes given out may come back signed',
    default: '120',
    schema: whole(30, 300),
  },
  EDS_CONTACT_WAIT_HOURS: {
    meaning: 'how long a new mobile or e-mail that was signed for waits before it restores a password',
    default: '24',
    schema: whole(1, 720),
  },
  REQUESTS_AT_ONCE: {
    meaning:
      'pages one process answers at the same time; beyond that people wait, those who only arrive from two thirds on',
    default: '300',
    schema: whole(3, 100_000),
  },
  FLOOD_PER_MINUTE: {
    meaning: 'requests a minute from one address to one process, loopback excepted',
    default: '600',
    schema: whole(10, 1_000_000),
  },
  DRAFT_HOURS: {
    meaning: 'how long what was typed into a timed-out form is kept',
    default: '24',
    schema: whole(1, 168),
  },
  CODES_PER_QUARTER_HOUR: {
    meaning: 'codes to one person or value in 15 minutes',
    default: '3',
    schema: whole(1, 100),
  },
  CODES_PER_DAY: { meaning: 'codes to one person or value in a day', default: '8', schema: whole(1, 1_000) },
  CODES_PER_NETWORK_HOUR: {
    meaning: 'registrations and recoveries begun from one network in an hour; beyond that each costs work',
    default: '60',
    schema: whole(1, 100_000),
  },
  CODES_PER_HOUR: {
    meaning: 'codes sent to everybody in an hour',
    default: '20000',
    schema: whole(1, 10_000_000),
  },
  CODE_BREAKER_LEAST: {
    meaning: 'failed codes in ten minutes below which a code never costs work',
    default: '600',
    schema: whole(1, 10_000_000),
  },
  CODE_BREAKER_MULTIPLE: {
    meaning: 'codes cost work when failures of ten minutes exceed so many times the normal',
    default: '3',
    schema: whole(2, 1_000),
  },
  CONFIRMATION_CODE_MINUTES: {
    meaning: 'how long a code that confirms a change lives',
    default: '5',
    schema: whole(1, 10),
  },
  ENTRY_CODE_MINUTES: {
    meaning: 'how long a code of registration or recovery lives',
    default: '10',
    schema: whole(1, 30),
  },
  ENTRY_MINUTES: {
    meaning: 'how long a registration or recovery may take',
    default: '60',
    schema: whole(5, 1_440),
  },
  ENTRY_CHOICE_MINUTES: {
    meaning: 'how long the choice of a password may take after the code',
    default: '15',
    schema: whole(5, 120),
  },
  DISAVOWAL_DAYS: {
    meaning: 'how long the link "this wasn\'t me" works',
    default: '10',
    schema: whole(1, 60),
  },
  CONTACT_WAIT_HOURS: {
    meaning: 'how long a new mobile or e-mail waits before it restores a password, and the other one rests',
    default: '72',
    schema: whole(1, 720),
  },
  PROOF_MINUTES: {
    meaning: 'proofs of a change are not older than this when it is made',
    default: '5',
    schema: whole(1, 60),
  },
  PENDING_MINUTES: {
    meaning: 'how long a change waits for its proofs',
    default: '60',
    schema: whole(5, 1_440),
  },
  PERSONS_PER_MOBILE: {
    meaning: 'people who may have one mobile on file; the next one is refused and the operator told',
    default: '5',
    schema: whole(1, 1_000),
  },
  FUND_URL: {
    meaning:
      "the fund's information system (docs/fund-api.yaml), https except on a loopback name; unset: the embedded one",
    default: '',
    schema: z.string().transform((text, context) => {
      const url = URL.canParse(text) ? new URL(text) : undefined;
      const plain = url?.protocol === 'http:' && isLoopbackName(url.hostname);
      if (url && (url.protocol === 'https:' || plain) && url.search === '' && url.username === '') return url;
      context.addIssue('must be https without a query or a name, http only for a loopback name');
      return z.NEVER;
    }),
  },
  FUND_CA: {
    meaning: "a file with an additional authority (PEM) for the fund's certificate",
    default: '',
    schema: certificates,
  },
  FUND_CLIENT_CERT: {
    meaning: 'file of the certificate (PEM) that the cabinet shows the fund (mTLS)',
    default: '',
    schema: file,
  },
  FUND_CLIENT_KEY: { meaning: 'file of its private key (PEM)', default: '', schema: file },
  FUND_TOKEN_KEY: {
    meaning:
      'file of a private key (PKCS#8 PEM, Ed25519 or P-256) that signs a token for each question to the fund',
    default: '',
    schema: file,
  },
  FUND_AT_ONCE: {
    meaning: 'questions to the fund at the same time by this process, reads and changes each',
    default: '20',
    schema: whole(1, 1_000),
  },
  FUND_COPY_HOURS: {
    meaning: "how long the fund's last answer about a person is shown, with its time, while it gives none",
    default: '72',
    schema: whole(1, 720),
  },
  KAZPOST_API: {
    meaning:
      "Kazpost's service for addresses: classic (api.post.kz) or open (open.post.kz); unset: embedded data only",
    default: '',
    schema: z.enum(['classic', 'open'], 'must be classic or open'),
  },
  KAZPOST_URL: {
    meaning: 'its address where it is not the usual one',
    default: '',
    schema: z
      .string()
      .refine(
        (text) =>
          /^https?:\/\//.test(text) &&
          URL.canParse(text) &&
          (text.startsWith('https:') || isLoopbackName(new URL(text).hostname)),
        'must be https, http only on a loopback name',
      ),
  },
  KAZPOST_USER: { meaning: 'the name for open.post.kz', default: '', schema: z.string().min(1) },
  KAZPOST_PASSWORD: {
    meaning: 'the password for open.post.kz',
    default: '',
    secret: true,
    schema: z.string().min(1),
  },
  KAZPOST_TOKEN: {
    meaning: 'a token that Kazpost issued for open.post.kz, instead of name and password',
    default: '',
    secret: true,
    schema: z.string().regex(/^[\w.~+/=-]{1,8000}$/, 'must be a bearer token: letters, digits and -._~+/='),
  },
  KAZPOST_CA: {
    meaning: "a file with an additional authority (PEM) for Kazpost's certificate",
    default: '',
    schema: certificates,
  },
  MOBILE_PREFIXES: {
    meaning: "prefixes of Kazakhstan's mobile providers, comma-separated",
    default: DEFAULT_MOBILE_PREFIXES.join(','),
    schema: list.refine(
      (all) => all.length > 0 && all.every((one) => /^7[0-9]{2}$/.test(one)),
      'must be prefixes such as 701',
    ),
  },
  PASSWORD_HASHES_AT_ONCE: {
    meaning: 'passwords hashed at the same time on this machine, by all --workers together',
    default: String(availableParallelism()),
    schema: whole(1, 64),
  },
  SMTP_URL: {
    meaning:
      'gateway for e-mail: smtps://user:password@host, or smtp:// with STARTTLS; a CA of your own by NODE_EXTRA_CA_CERTS',
    default: '',
    secret: true,
    schema: gatewayUrl('smtp', 'smtps'),
  },
  SMTP_TLS: {
    meaning:
      'checked: the certificate of SMTP_URL is checked; unchecked: any is taken, only for a relay on this machine',
    default: 'checked',
    schema: z.enum(['checked', 'unchecked'], 'must be checked or unchecked'),
  },
  SMTP_EHLO_NAME: {
    meaning:
      'name said to the mail server in EHLO; unset: the host of PUBLIC_URL, else this machine’s own name',
    default: '',
    schema: z.string().regex(/^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/, 'must be a host name'),
  },
  MAIL_FROM: {
    meaning: 'sender of every e-mail; required with SMTP_URL',
    default: '',
    schema: z
      .string()
      .regex(
        /^(?:[^<>@"]+ <[^\s<>@"]+@[^\s<>@"]+>|[^\s<>@"]+@[^\s<>@"]+)$/,
        'must be an address, alone or as Name <address>',
      ),
  },
  MAIL_PER_SECOND: {
    meaning: 'e-mails a second from this machine, by all --workers together',
    default: '20',
    schema: whole(1, 10_000),
  },
  SMPP_URL: {
    meaning: 'gateway for SMS: smpp://user:password@host:2775, or ssmpp:// with TLS',
    default: '',
    secret: true,
    schema: gatewayUrl('smpp', 'ssmpp'),
  },
  SMS_SENDER: {
    meaning:
      'name (up to 11 Latin letters and digits) or number that an SMS comes from; required with SMPP_URL',
    default: '',
    schema: z
      .string()
      .regex(
        /^(?:[A-Za-z0-9 ._-]{1,11}|\+?[0-9]{3,15})$/,
        'must be a name of up to 11 Latin letters and digits, or a number',
      ),
  },
  MESSAGE_WORKERS: {
    meaning: 'how many of --workers deliver messages; each binds the SMS centre once',
    default: '1',
    schema: whole(1, 64),
  },
  SMS_PER_SECOND: {
    meaning: 'SMS parts a second from this machine, by all --workers together',
    default: '30',
    schema: whole(1, 10_000),
  },
  EVENTS_KEPT_YEARS: {
    meaning: 'how long security events are kept: three years is the least that requirements 832 allow',
    default: '3',
    schema: whole(3, 100),
  },
  AUDIT_HEAD_FILE: {
    meaning:
      'file to which each new seal of the log is added, where the keepers of the database cannot write; audit verify reads it',
    default: '',
    schema: z.string().min(1),
  },
  METRICS_PORT: {
    meaning: 'port for Prometheus at METRICS_HOST; unset: no metrics',
    default: '',
    schema: whole(0, 65_535),
  },
  METRICS_HOST: {
    meaning: 'where METRICS_PORT listens; only Prometheus should reach it',
    default: '127.0.0.1',
    schema: z.string().min(1),
  },
  LOG_LEVEL: {
    meaning: 'silent, error, warn, info or debug',
    default: 'info',
    schema: z.enum(
      ['silent', 'error', 'warn', 'info', 'debug'],
      'must be silent, error, warn, info or debug',
    ),
  },
} as const satisfies Record<string, Setting>;

export type SettingName = keyof typeof settings;

/** What was set, and the defaults of the rest. */
export type Values = { [Name in SettingName]: z.output<(typeof settings)[Name]['schema']> | undefined };

/** The environment as `process.env` gives it. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Reads every setting by itself, and says what is wrong with each. */
export function readSettings(environment: Environment): { values: Values; faults: string[] } {
  const faults: string[] = [];
  const values: Partial<Record<SettingName, unknown>> = {};
  for (const [name, setting] of Object.entries<Setting>(settings)) {
    const given = environment[name];
    const set = given !== undefined && given !== '';
    const result = setting.schema.safeParse(set ? given : setting.default);
    if (result.success) values[name as SettingName] = result.data;
    else if (set) {
      const shown = setting.secret ? '' : ` (it is "${given}")`;
      faults.push(`${name}: ${result.error.issues[0]?.message ?? 'is wrong'}${shown}`);
    }
  }
  return { values: values as Values, faults };
}
