import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { pairFault, tokenAlgorithm, validity } from '../platform/credentials.ts';
import { DEFAULT_MOBILE_PREFIXES } from '../values/phone.ts';

/** Every setting of the service, read once at start. */
export interface Config {
  readonly port: number;
  readonly host: string;
  /** What this process does: answers people, delivers and keeps house, or both. */
  readonly role: 'all' | 'web' | 'worker';
  /** How long it goes on accepting after SIGTERM, so that a proxy notices. */
  readonly drainSeconds: number;
  readonly workerStartSeconds: number;
  /** The origin people see, e.g. `https://cabinet.example.kz`; undefined on a laptop. */
  readonly publicUrl: URL | undefined;
  /** Addresses or networks whose `X-Forwarded-*` headers count. */
  readonly trustedProxies: readonly string[];
  /** The first signs, all verify. */
  readonly secretKeys: readonly [string, ...string[]];
  /** Undefined: the embedded PostgreSQL under `varDir`. */
  readonly databaseUrl: string | undefined;
  /** PostgreSQL itself, where `databaseUrl` is a pooler that gives a session for one transaction only. */
  readonly databaseDirectUrl: string | undefined;
  readonly databasePool: number;
  readonly varDir: string;
  readonly demo: boolean;
  readonly sessionIdleMinutes: number;
  readonly sessionMaxHours: number;
  readonly sessionsPerPerson: number;
  readonly signInFreeFailures: number;
  readonly signInMaxDelayMinutes: number;
  readonly signInIinFailures: number;
  readonly requestsAtOnce: number;
  readonly floodPerMinute: number;
  readonly draftHours: number;
  readonly codesPerQuarterHour: number;
  readonly codesPerDay: number;
  readonly codesPerNetworkHour: number;
  readonly codesPerHour: number;
  readonly codeBreakerLeast: number;
  readonly codeBreakerMultiple: number;
  readonly confirmationCodeMinutes: number;
  readonly entryCodeMinutes: number;
  readonly entryMinutes: number;
  readonly entryChoiceMinutes: number;
  readonly disavowalDays: number;
  readonly contactWaitHours: number;
  readonly proofMinutes: number;
  readonly pendingMinutes: number;
  readonly personsPerMobile: number;
  /** The fund's system over HTTP, and how the cabinet proves who it is (PEM texts); undefined: the embedded one. */
  readonly fund: FundConfig | undefined;
  /** How long the fund's last answer stands in while it gives none. */
  readonly fundCopyHours: number;
  /** Kazpost's service, where the operator has access to one. */
  readonly kazpost: KazpostConfig | undefined;
  /** Whose signatures count: the pinned roots, or a folder of certificates. */
  readonly edsTrust: 'production' | { readonly folder: string };
  readonly edsOcspUrl: string | undefined;
  readonly edsCrlDir: string | undefined;
  readonly edsFolderSeconds: number;
  readonly edsThreads: number;
  readonly edsChallengeSeconds: number;
  readonly edsContactWaitHours: number;
  readonly mobilePrefixes: readonly string[];
  readonly passwordHashesAtOnce: number;
  /** The gateway for e-mail and its sender; undefined: none, or the inbox of a demonstration. */
  readonly smtp:
    | {
        readonly url: URL;
        readonly from: string;
        /** Any certificate is taken: only where the server is on this machine. */
        readonly anyCertificate: boolean;
        /** Undefined: this machine's own. */
        readonly ehloName: string | undefined;
      }
    | undefined;
  /** The gateway for SMS and its sender. */
  readonly smpp: { readonly url: URL; readonly sender: string } | undefined;
  readonly mailPerSecond: number;
  readonly smsPerSecond: number;
  /** How many of `--workers` deliver messages, and so connect to the gateways. */
  readonly messageWorkers: number;
  readonly eventsKeptYears: number;
  readonly auditHeadFile: string | undefined;
  readonly metricsPort: number | undefined;
  readonly logLevel: 'silent' | 'error' | 'warn' | 'info' | 'debug';
}

export interface FundConfig {
  readonly url: URL;
  readonly atOnce: number;
  readonly ca?: string;
  readonly client?: { readonly cert: string; readonly key: string };
  readonly tokenKey?: string;
}

/** Which of Kazpost's services, where and as whom; `ca` is the text of an additional authority. */
export type KazpostConfig = { readonly url?: string; readonly ca?: string } & (
  | { readonly api: 'classic' }
  | { readonly api: 'open'; readonly username: string; readonly password: string }
  | { readonly api: 'open'; readonly token: string }
);

/** A setting as `kabinet config` shows it: where it came from, and its value unless it is secret. */
export interface ShownSetting {
  readonly name: string;
  readonly meaning: string;
  readonly default: string;
  readonly source: 'environment' | 'default' | 'made and kept in VAR_DIR';
  /** Undefined for a secret. */
  readonly value: string | undefined;
}

/** Thrown with one line for each wrong setting. */
export class ConfigError extends Error {
  readonly faults: readonly string[];
  constructor(faults: readonly string[]) {
    super(
      `${faults.length === 1 ? 'A setting is' : `${faults.length} settings are`} wrong:\n  ${faults.join('\n  ')}`,
    );
    this.faults = faults;
  }
}

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

interface Setting {
  readonly meaning: string;
  readonly default: string;
  readonly secret?: true;
  /** Checks and converts a value that was set; what is unset takes `default` when that converts, else undefined. */
  readonly schema: z.ZodType<unknown, string>;
}

const settings = {
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
    meaning: 'port for Prometheus on the same HOST; unset: no metrics',
    default: '',
    schema: whole(0, 65_535),
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

type SettingName = keyof typeof settings;
type Values = { [Name in SettingName]: z.output<(typeof settings)[Name]['schema']> | undefined };

/** The environment as `process.env` gives it. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** True for the names by which a machine reaches itself. */
export function isLoopbackName(hostname: string): boolean {
  return (
    hostname === 'localhost' ||
    hostname.endsWith('.localhost') ||
    hostname === '[::1]' ||
    hostname === '::1' ||
    /^127(?:\.[0-9]{1,3}){3}$/.test(hostname)
  );
}

/**
 * Reads every setting.
 * @throws ConfigError naming everything that is wrong at once.
 */
export function readConfig(environment: Environment): Config {
  const { values, faults } = parse(environment);
  const production = environment['NODE_ENV'] === 'production';
  const demo = values.DEMO ?? demoByDefault(environment);
  if (production && demo) faults.push('DEMO=1 cannot be combined with NODE_ENV=production');
  faults.push(...kazpostFaults(values));
  faults.push(...fundFaults(values));
  if (values.SMTP_TLS === 'unchecked' && values.SMTP_URL && !isLoopbackName(values.SMTP_URL.hostname)) {
    faults.push('SMTP_TLS: unchecked is only for an SMTP_URL on this machine');
  }
  for (const [gateway, sender] of [
    ['SMTP_URL', 'MAIL_FROM'],
    ['SMPP_URL', 'SMS_SENDER'],
  ] as const) {
    if (values[gateway] && !environment[sender]) faults.push(`${sender}: required with ${gateway}`);
  }
  if (
    values.DATABASE_URL !== undefined &&
    values.SECRET_KEYS === undefined &&
    !faults.some((fault) => fault.startsWith('SECRET_KEYS'))
  ) {
    faults.push('SECRET_KEYS: required with DATABASE_URL (all nodes share them)');
  }
  if (values.DATABASE_DIRECT_URL !== undefined && values.DATABASE_URL === undefined)
    faults.push('DATABASE_DIRECT_URL: only beside DATABASE_URL');
  if (!demo && !faults.some((fault) => fault.startsWith('TRUSTED_PROXIES')))
    faults.push(...proxyFaults(values));
  if (faults.length > 0) throw new ConfigError(faults);

  const varDir = resolve(known(values.VAR_DIR));
  return {
    port: known(values.PORT),
    host: known(values.HOST),
    role: known(values.ROLE),
    workerStartSeconds: known(values.WORKER_START_SECONDS),
    drainSeconds: values.DRAIN_SECONDS ?? (values.PUBLIC_URL ? 5 : 0),
    publicUrl: values.PUBLIC_URL,
    trustedProxies: (values.TRUSTED_PROXIES ?? []).filter((one) => one !== 'none'),
    secretKeys: atLeastOne(values.SECRET_KEYS ?? [keptSecretKey(varDir)]),
    databaseUrl: values.DATABASE_URL,
    databaseDirectUrl: values.DATABASE_DIRECT_URL ?? values.DATABASE_URL,
    databasePool: known(values.DATABASE_POOL),
    varDir,
    demo,
    sessionIdleMinutes: known(values.SESSION_IDLE_MINUTES),
    sessionMaxHours: known(values.SESSION_MAX_HOURS),
    sessionsPerPerson: known(values.SESSIONS_PER_PERSON),
    signInFreeFailures: known(values.SIGN_IN_FREE_FAILURES),
    signInMaxDelayMinutes: known(values.SIGN_IN_MAX_DELAY_MINUTES),
    signInIinFailures: known(values.SIGN_IN_IIN_FAILURES),
    requestsAtOnce: known(values.REQUESTS_AT_ONCE),
    floodPerMinute: known(values.FLOOD_PER_MINUTE),
    draftHours: known(values.DRAFT_HOURS),
    codesPerQuarterHour: known(values.CODES_PER_QUARTER_HOUR),
    codesPerDay: known(values.CODES_PER_DAY),
    codesPerNetworkHour: known(values.CODES_PER_NETWORK_HOUR),
    codesPerHour: known(values.CODES_PER_HOUR),
    codeBreakerLeast: known(values.CODE_BREAKER_LEAST),
    codeBreakerMultiple: known(values.CODE_BREAKER_MULTIPLE),
    confirmationCodeMinutes: known(values.CONFIRMATION_CODE_MINUTES),
    entryCodeMinutes: known(values.ENTRY_CODE_MINUTES),
    entryMinutes: known(values.ENTRY_MINUTES),
    entryChoiceMinutes: known(values.ENTRY_CHOICE_MINUTES),
    disavowalDays: known(values.DISAVOWAL_DAYS),
    contactWaitHours: known(values.CONTACT_WAIT_HOURS),
    proofMinutes: known(values.PROOF_MINUTES),
    pendingMinutes: known(values.PENDING_MINUTES),
    personsPerMobile: known(values.PERSONS_PER_MOBILE),
    fund: fundOf(values),
    fundCopyHours: known(values.FUND_COPY_HOURS),
    kazpost: kazpostOf(values),
    edsTrust: edsTrustOf(values.EDS_TRUST, demo, varDir),
    edsOcspUrl: values.EDS_OCSP_URL,
    edsCrlDir:
      values.EDS_CRL_DIR === undefined
        ? demo
          ? join(varDir, 'eds')
          : undefined
        : resolve(values.EDS_CRL_DIR),
    edsFolderSeconds: known(values.EDS_FOLDER_SECONDS),
    edsThreads: known(values.EDS_THREADS),
    edsChallengeSeconds: known(values.EDS_CHALLENGE_SECONDS),
    edsContactWaitHours: known(values.EDS_CONTACT_WAIT_HOURS),
    mobilePrefixes: known(values.MOBILE_PREFIXES),
    passwordHashesAtOnce: known(values.PASSWORD_HASHES_AT_ONCE),
    smtp: smtpOf(values),
    smpp: values.SMPP_URL && { url: values.SMPP_URL, sender: known(values.SMS_SENDER) },
    mailPerSecond: known(values.MAIL_PER_SECOND),
    smsPerSecond: known(values.SMS_PER_SECOND),
    messageWorkers: known(values.MESSAGE_WORKERS),
    eventsKeptYears: known(values.EVENTS_KEPT_YEARS),
    auditHeadFile: values.AUDIT_HEAD_FILE === undefined ? undefined : resolve(values.AUDIT_HEAD_FILE),
    metricsPort: values.METRICS_PORT,
    logLevel: known(values.LOG_LEVEL),
  };
}

/** Every setting with its meaning, default and source, for `kabinet config`. Never a secret's value. */
export function showConfig(environment: Environment): {
  readonly settings: readonly ShownSetting[];
  readonly faults: readonly string[];
} {
  const { faults } = parse(environment);
  const shown = Object.entries<Setting>(settings).map(([name, setting]): ShownSetting => {
    const given = environment[name];
    const set = given !== undefined && given !== '';
    const madeHere = name === 'SECRET_KEYS' && !set && !environment['DATABASE_URL'];
    const fallback = name === 'DEMO' ? (demoByDefault(environment) ? '1' : '0') : setting.default;
    return {
      name,
      meaning: setting.meaning,
      default: setting.default,
      source: set ? 'environment' : madeHere ? 'made and kept in VAR_DIR' : 'default',
      value: setting.secret ? undefined : set ? given : fallback,
    };
  });
  return { settings: shown, faults };
}

/** Demonstration is on only where nothing real has been configured. */
function demoByDefault(environment: Environment): boolean {
  const real = ['DATABASE_URL', 'FUND_URL', 'SMTP_URL', 'SMPP_URL'];
  return environment['NODE_ENV'] !== 'production' && !real.some((name) => environment[name]);
}

function parse(environment: Environment): { values: Values; faults: string[] } {
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

function edsTrustOf(set: string | undefined, demo: boolean, varDir: string): Config['edsTrust'] {
  if (set === undefined) return demo ? { folder: join(varDir, 'eds') } : 'production';
  return set === 'production' ? 'production' : { folder: resolve(set) };
}

function smtpOf(values: Values): Config['smtp'] {
  const { SMTP_URL: url, PUBLIC_URL: site } = values;
  if (!url) return undefined;
  return {
    url,
    from: known(values.MAIL_FROM),
    anyCertificate: values.SMTP_TLS === 'unchecked',
    ehloName: values.SMTP_EHLO_NAME ?? (site && !isLoopbackName(site.hostname) ? site.hostname : undefined),
  };
}

/** Beyond a loopback name the fund must be able to tell who asks. */
/**
 * The service speaks no TLS: where people see https, something stands before it. Without its address everybody would seem to come
 * from one place, so that limits hit all at once, or from this machine, so that none holds.
 */
function proxyFaults({
  PUBLIC_URL: url,
  TRUSTED_PROXIES: proxies = [],
  ROLE: role,
}: Values): readonly string[] {
  const behind = url?.protocol === 'https:' && !isLoopbackName(url.hostname) && role !== 'worker';
  return behind && proxies.length === 0
    ? ['TRUSTED_PROXIES: required with an https PUBLIC_URL (the proxy that speaks TLS, or none)']
    : [];
}

function fundFaults({
  FUND_URL: url,
  FUND_CLIENT_CERT: cert,
  FUND_CLIENT_KEY: key,
  FUND_TOKEN_KEY: token,
}: Values) {
  const faults: string[] = [];
  if ((cert === undefined) !== (key === undefined)) {
    faults.push('FUND_CLIENT_CERT, FUND_CLIENT_KEY: neither works without the other');
  }
  if (url && !isLoopbackName(url.hostname) && cert === undefined && token === undefined) {
    faults.push('FUND_URL: needs FUND_CLIENT_CERT with FUND_CLIENT_KEY, or FUND_TOKEN_KEY');
  }
  if (token !== undefined && tokenAlgorithm(readFileSync(token, 'utf8')) === undefined) {
    faults.push('FUND_TOKEN_KEY: must be a private key as PKCS#8 PEM, Ed25519 or P-256, not encrypted');
  }
  const pair = cert && key && pairFault(readFileSync(cert, 'utf8'), readFileSync(key, 'utf8'));
  if (pair === 'no certificate') faults.push('FUND_CLIENT_CERT: must be a certificate as PEM');
  if (pair === 'no key') faults.push('FUND_CLIENT_KEY: must be a private key as PEM, not encrypted');
  if (pair === 'not a pair')
    faults.push('FUND_CLIENT_CERT, FUND_CLIENT_KEY: the key is not that of the certificate');
  return faults;
}

function fundOf(values: Values): FundConfig | undefined {
  const {
    FUND_URL: url,
    FUND_CA: ca,
    FUND_CLIENT_CERT: cert,
    FUND_CLIENT_KEY: key,
    FUND_TOKEN_KEY: token,
  } = values;
  if (!url) return undefined;
  const text = (path: string) => readFileSync(path, 'utf8');
  return {
    url,
    atOnce: known(values.FUND_AT_ONCE),
    ...(ca === undefined ? {} : { ca: text(ca) }),
    ...(cert === undefined || key === undefined ? {} : { client: { cert: text(cert), key: text(key) } }),
    ...(token === undefined ? {} : { tokenKey: text(token) }),
  };
}

/** The open service is entered by a token, or by a name and a password. */
function kazpostFaults(values: Values): string[] {
  if (values.KAZPOST_API !== 'open') return [];
  const token = values.KAZPOST_TOKEN !== undefined;
  const given = [values.KAZPOST_USER, values.KAZPOST_PASSWORD].filter((one) => one !== undefined).length;
  if (token && given > 0) return ['KAZPOST_TOKEN: give it, or KAZPOST_USER and KAZPOST_PASSWORD, not both'];
  if (token || given === 2) return [];
  return ['KAZPOST_USER and KAZPOST_PASSWORD, or KAZPOST_TOKEN: required with KAZPOST_API=open'];
}

function kazpostOf(values: Values): KazpostConfig | undefined {
  const where = {
    ...(values.KAZPOST_URL === undefined ? {} : { url: values.KAZPOST_URL }),
    ...(values.KAZPOST_CA === undefined ? {} : { ca: readFileSync(values.KAZPOST_CA, 'utf8') }),
  };
  switch (values.KAZPOST_API) {
    case undefined:
      return undefined;
    case 'classic':
      return { ...where, api: 'classic' };
    case 'open':
      return {
        ...where,
        api: 'open',
        ...(values.KAZPOST_TOKEN === undefined
          ? { username: values.KAZPOST_USER ?? '', password: values.KAZPOST_PASSWORD ?? '' }
          : { token: values.KAZPOST_TOKEN }),
      };
  }
}

/** A setting with a default has a value wherever no fault was found. */
function known<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new Error('a setting without a default was taken for one that has it');
  return value;
}

function atLeastOne(keys: readonly string[]): readonly [string, ...string[]] {
  const [first, ...others] = keys;
  return [known(first), ...others];
}

/** The key of a laptop's service, made at the first start and readable by its owner only. */
function keptSecretKey(varDir: string): string {
  const path = join(varDir, 'secret-key');
  if (!existsSync(path)) {
    mkdirSync(varDir, { recursive: true, mode: 0o700 });
    // "wx": of two first starts at once, the second reads what the first wrote.
    try {
      writeFileSync(path, randomBytes(32).toString('base64url'), { mode: 0o600, flag: 'wx' });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
  return readFileSync(path, 'utf8').trim();
}
