import { createPrivateKey, createPublicKey } from 'node:crypto';
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

/** Two hours of a day, `9-20`: from the first to before the second one. */
const hoursOfDay = z.string().transform((text, context): readonly [from: number, until: number] => {
  const [from = 24, until = 0] = /^\d{1,2}-\d{1,2}$/.test(text) ? text.split('-').map(Number) : [];
  if (from < until && until <= 24) return [from, until];
  context.addIssue('must be two hours, such as 9-20');
  return z.NEVER;
});

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

const postgresUrl = z.string().regex(/^postgres(?:ql)?:\/\//, 'must begin with postgres:// or postgresql://');

const network = /^(?:[0-9]{1,3}(?:\.[0-9]{1,3}){3}|[0-9a-f:.]*:[0-9a-f:.]*)(?:\/[0-9]{1,3})?$/i;

const webUrl = z.string().transform((text, context) => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && /^https?:$/.test(url.protocol) && url.username === '' && url.search === '') return url;
  context.addIssue('must be an address that begins with http:// or https://, without a user and a query');
  return z.NEVER;
});

/** The address of a service of the authority, as written. */
const httpAddress = z
  .string()
  .refine(
    (text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol),
    'must be an http or https address',
  );

/** Headers as OpenTelemetry writes them: `name=value`, comma-separated, values percent-encoded. */
const headerList = list.transform((all, context) => {
  const pairs = all.map((one) => /^([\w-]+)\s*=\s*((?:[\x20-\x24\x26-\x7e]|%[2-7][0-9A-Fa-f])+)$/.exec(one));
  if (pairs.every((pair) => pair !== null))
    return Object.fromEntries(
      pairs.map(([, name = '', value = '']) => [name.toLowerCase(), decodeURIComponent(value)]),
    );
  context.addIssue('must be headers as name=value');
  return z.NEVER;
});

/** Whether a text is a key that seals receipts, or opens former seals. */
function isSealKey(base64: string, isPrivate: boolean): boolean {
  const der = Buffer.from(base64, 'base64');
  try {
    const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
    return key.asymmetricKeyDetails?.namedCurve === 'prime256v1';
  } catch {
    return !isPrivate && isPublicSealKey(der);
  }
}

function isPublicSealKey(der: Buffer): boolean {
  try {
    const key = createPublicKey({ key: der, format: 'der', type: 'spki' });
    return key.asymmetricKeyDetails?.namedCurve === 'prime256v1';
  } catch {
    return false;
  }
}

/** The path of an existing file. */
const file = z.string().refine((path) => statSync(path, { throwIfNoEntry: false })?.isFile() === true, {
  error: 'is not the path of a file',
  abort: true,
});
/** The path of a file with one or more certificates. */
const certificates = file.refine(
  (path) => validity(readFileSync(path, 'utf8')) !== undefined,
  'is a file without a certificate (PEM)',
);

export interface Setting {
  readonly meaning: string;
  readonly default: string;
  readonly secret?: true;
  /**
   * Checks and converts the value. An unset setting has its `default` if that converts, and
   * otherwise undefined.
   */
  readonly schema: z.ZodType<unknown, string>;
}

/** Every setting of the service, in the order in which `kabinet config` prints them. */
export const settings = {
  PORT: { meaning: 'port that the service listens on', default: '3000', schema: whole(0, 65_535) },
  HOST: { meaning: 'address that the service listens on', default: '127.0.0.1', schema: z.string().min(1) },
  ROLE: {
    meaning:
      'what this process does: web serves people; worker runs background work (deliveries, account requests, retention) and serves only /health; all does both',
    default: 'all',
    schema: z.enum(['all', 'web', 'worker'], 'must be all, web or worker'),
  },
  WORKER_START_SECONDS: {
    meaning:
      'seconds that a process of --workers may take to start; a slower one is ended, with an error in the log',
    default: '60',
    schema: whole(2, 600),
  },
  DRAIN_SECONDS: {
    meaning:
      'seconds after SIGTERM during which the service reports that it is not ready but still accepts requests, so that the proxy can stop sending them',
    default: '5 with PUBLIC_URL, otherwise 0',
    schema: whole(0, 10),
  },
  PUBLIC_URL: {
    meaning:
      'origin that people open, e.g. https://cabinet.example.kz; http only for a loopback name; passkeys are bound to its host, and need a name',
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
      "addresses or networks of your proxies, comma-separated, whose X-Forwarded-* headers are trusted; none: TLS ends before the service, but it still sees each visitor's own address",
    default: '',
    schema: list.refine(
      (all) => all.every((one) => network.test(one)) || (all.length === 1 && all[0] === 'none'),
      'must be addresses or networks such as 10.0.0.0/8, or none',
    ),
  },
  SECRET_KEYS: {
    meaning:
      'secret keys of at least 32 characters, comma-separated; the first one signs and encrypts, all are accepted; unset: one is made in VAR_DIR',
    default: '',
    secret: true,
    schema: list.refine(
      (all) => all.length > 0 && all.every((one) => one.length >= 32),
      'must each have at least 32 characters',
    ),
  },
  RECEIPT_KEYS: {
    meaning:
      'keys that seal receipts, comma-separated, ECDSA on P-256 as PEM without its dashes: the first private (PKCS #8), former ones private or public; unset: one is made in VAR_DIR beside the embedded PostgreSQL, otherwise receipts have no seal',
    default: '',
    secret: true,
    schema: list.refine(
      (all) => all.length > 0 && all.every((one, at) => isSealKey(one, at === 0)),
      'must be keys on P-256, the first one private',
    ),
  },
  DATABASE_URL: {
    meaning: 'PostgreSQL 15 or later, as postgres://user:password@host/name; unset: the embedded one',
    default: '',
    secret: true,
    schema: postgresUrl,
  },
  DATABASE_DIRECT_URL: {
    meaning:
      'direct address of PostgreSQL for migrations and commands, needed when DATABASE_URL leads to PgBouncer in transaction mode; unset: DATABASE_URL',
    default: '',
    secret: true,
    schema: postgresUrl,
  },
  DATABASE_BACKUP_URL: {
    meaning:
      'a standby from which "kabinet backup" reads, so that a backup does not slow down the primary; unset: the primary',
    default: '',
    secret: true,
    schema: postgresUrl,
  },
  DATABASE_REPLICA_URL: {
    meaning:
      'a standby from which form, history and receipts are shown while DATABASE_URL does not answer, for five minutes at most; unset: they are not shown then',
    default: '',
    secret: true,
    schema: postgresUrl,
  },
  REQUIRE_SYNCHRONOUS: {
    meaning:
      '1: warn, and show in a metric, when PostgreSQL acknowledges a COMMIT that is on one disk only (synchronous_standby_names is empty)',
    default: '0',
    schema: z.enum(['0', '1'], 'must be 0 or 1').transform((text) => text === '1'),
  },
  DATABASE_PREPARED: {
    meaning:
      '1 where DATABASE_URL is PostgreSQL itself, or a PgBouncer from 1.21 that keeps prepared statements; unset: only for the embedded one',
    default: '',
    schema: z.enum(['0', '1']).transform((text) => text === '1'),
  },
  DATABASE_POOL: {
    meaning: 'most database connections of each process; --workers N starts N processes',
    default: '10',
    schema: whole(2, 200),
  },
  VAR_DIR: {
    meaning: 'folder for the embedded database and for generated keys',
    default: './var',
    schema: z.string().min(1),
  },
  DEMO: {
    meaning: '1: demonstration people and stand-ins for outside services; 0: none',
    default: 'on when nothing real is configured',
    schema: z.enum(['0', '1'], 'must be 1 or 0').transform((text) => text === '1'),
  },
  SESSION_IDLE_MINUTES: {
    meaning: 'minutes without a request after which a session ends',
    default: '15',
    schema: whole(3, 240),
  },
  SESSION_MAX_HOURS: {
    meaning: 'hours after which a session ends in any case',
    default: '12',
    schema: whole(1, 24),
  },
  SESSIONS_PER_PERSON: {
    meaning: 'sessions that one person may have at the same time; a further sign-in ends the oldest',
    default: '5',
    schema: whole(1, 50),
  },
  SIGN_IN_FREE_FAILURES: {
    meaning: 'failed sign-ins without a delay, for one IIN from one network or a known device',
    default: '5',
    schema: whole(1, 100),
  },
  SIGN_IN_MAX_DELAY_MINUTES: {
    meaning: 'longest delay after failed sign-ins, in minutes',
    default: '15',
    schema: whole(1, 1_440),
  },
  SIGN_IN_IIN_FAILURES: {
    meaning: 'failed sign-ins of one IIN, from all networks together, after which unknown devices must wait',
    default: '30',
    schema: whole(5, 1_000),
  },
  EDS_TRUST: {
    meaning:
      'trusted issuers of signing certificates: production (the pinned roots of NUC RK) or a folder of CA certificates; unset: production, or VAR_DIR/eds in a demonstration',
    default: '',
    schema: z.string().min(1),
  },
  EDS_OCSP_URL: {
    meaning:
      "address of the authority's OCSP responder, e.g. http://ocsp.pki.gov.kz; unset: revocation lists only",
    default: '',
    schema: httpAddress,
  },
  EDS_TSA_URL: {
    meaning:
      "address of the authority's time-stamps (RFC 3161), e.g. http://tsp.pki.gov.kz, asked for every change signed by EDS and for the seals of evidence; unset: none",
    default: '',
    schema: httpAddress,
  },
  EDS_CRL_DIR: {
    meaning:
      'folder of revocation lists, full and delta, which you must keep up to date; unset: none, or VAR_DIR/eds in a demonstration',
    default: '',
    schema: z.string().min(1),
  },
  EDS_FOLDER_SECONDS: {
    meaning: 'seconds between two checks of the folders in EDS_TRUST and EDS_CRL_DIR for changes',
    default: '10',
    schema: whole(0, 3_600),
  },
  EDS_THREADS: {
    meaning:
      'threads that verify signatures on this machine, shared by all --workers; each worker has at least one',
    default: String(Math.max(1, availableParallelism() - 1)),
    schema: whole(1, 256),
  },
  EDS_CHALLENGE_SECONDS: {
    meaning: 'seconds within which the bytes to sign must come back signed',
    default: '120',
    schema: whole(30, 300),
  },
  EGOV_MOBILE_HOST: {
    meaning:
      'host on the list of eGov Mobile at which phones reach this service, e.g. cabinet.example.kz; unset: nobody signs in with the phone, except with the double of the phone in a demonstration',
    default: '',
    schema: z
      .string()
      .regex(
        /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?$/,
        'must be the name of a host, without https://',
      ),
  },
  EGOV_MOBILE_NAME_KK: {
    meaning: 'name of your organisation in Kazakh, as in the register; the phone shows it',
    default: '',
    schema: z.string().min(1).max(200),
  },
  EGOV_MOBILE_NAME_RU: { meaning: 'the same in Russian', default: '', schema: z.string().min(1).max(200) },
  EGOV_MOBILE_NAME_EN: { meaning: 'the same in English', default: '', schema: z.string().min(1).max(200) },
  EGOV_MOBILE_BIN: {
    meaning: 'BIN of your organisation; the phone shows it',
    default: '',
    schema: z.string().regex(/^[0-9]{12}$/, 'must be the 12 digits of a BIN'),
  },
  EGOV_MOBILE_LINK: {
    meaning:
      'what stands before the percent-encoded address in the link that opens eGov Mobile on the same phone',
    default: 'https://m.egov.kz/mobileSign/?link=',
    schema: z
      .string()
      .regex(/^https:\/\/[^\s"<>]+=$/, 'must be an https address that ends in link= or another field'),
  },
  EGOV_MOBILE_RETURN: {
    meaning:
      'what a sign-in with the phone needs beside the signature: required (nobody comes in without the code that only the signing phone gets), or restricted (without it, one can only look)',
    default: 'restricted',
    schema: z.enum(['required', 'restricted'], 'must be required or restricted'),
  },
  EDS_CONTACT_WAIT_HOURS: {
    meaning:
      'hours before a mobile or e-mail that was changed by signature can be used to recover a password',
    default: '24',
    schema: whole(1, 720),
  },
  REQUESTS_AT_ONCE: {
    meaning:
      'requests that one process answers at the same time; further ones wait, and new visitors already wait from two thirds of this number',
    default: '300',
    schema: whole(3, 100_000),
  },
  FLOOD_PER_MINUTE: {
    meaning: 'requests a minute from one address to one process; loopback is exempt',
    default: '600',
    schema: whole(10, 1_000_000),
  },
  DRAFT_HOURS: {
    meaning: 'hours for which the input of a timed-out form is kept',
    default: '24',
    schema: whole(1, 168),
  },
  CODES_PER_QUARTER_HOUR: {
    meaning: 'codes to one person or one mobile or e-mail in 15 minutes',
    default: '3',
    schema: whole(1, 100),
  },
  CODES_PER_DAY: {
    meaning: 'codes to one person or one mobile or e-mail in a day',
    default: '8',
    schema: whole(1, 1_000),
  },
  CODES_PER_NETWORK_HOUR: {
    meaning:
      'registrations and recoveries from one network in an hour; after that, the browser must do a computation (proof of work) for each',
    default: '60',
    schema: whole(1, 100_000),
  },
  CODES_PER_HOUR: {
    meaning: 'codes sent in an hour, to everybody together',
    default: '20000',
    schema: whole(1, 10_000_000),
  },
  CODE_BREAKER_LEAST: {
    meaning: 'failed codes in ten minutes below which no code requires proof of work',
    default: '600',
    schema: whole(1, 10_000_000),
  },
  CODE_BREAKER_MULTIPLE: {
    meaning:
      'codes require proof of work when the failed codes of ten minutes exceed the usual number this many times',
    default: '3',
    schema: whole(2, 1_000),
  },
  CONFIRMATION_CODE_MINUTES: {
    meaning: 'minutes for which a code that confirms a change is valid',
    default: '5',
    schema: whole(1, 10),
  },
  SECOND_STEP: {
    meaning:
      'offered: a second step is asked of whoever has set one up; required: of everybody who signs in by password',
    default: 'offered',
    schema: z.enum(['offered', 'required']),
  },
  ENTRY_CODE_MINUTES: {
    meaning: 'minutes for which a code of a registration or recovery is valid, at most 10',
    default: '10',
    schema: whole(1, 10),
  },
  ENTRY_MINUTES: {
    meaning: 'minutes within which a registration or recovery must be finished',
    default: '60',
    schema: whole(5, 1_440),
  },
  ENTRY_CHOICE_MINUTES: {
    meaning: 'minutes for choosing a password after the code was entered',
    default: '15',
    schema: whole(5, 120),
  },
  DISAVOWAL_DAYS: {
    meaning: 'days for which the link "this wasn\'t me" works',
    default: '10',
    schema: whole(1, 60),
  },
  REMINDER_HOURS: {
    meaning: 'hours of the day, in Astana, between which reminders of keys and documents that end are sent',
    default: '9-20',
    schema: hoursOfDay,
  },
  CONTACT_WAIT_HOURS: {
    meaning:
      'hours before a new mobile or e-mail can be used to recover a password; the other one cannot be changed meanwhile',
    default: '72',
    schema: whole(1, 720),
  },
  PROOF_MINUTES: {
    meaning: 'greatest age of the proofs of a change when it is made, in minutes',
    default: '5',
    schema: whole(1, 60),
  },
  PENDING_MINUTES: {
    meaning: 'minutes for which a change waits for its proofs',
    default: '60',
    schema: whole(5, 1_440),
  },
  PERSONS_PER_MOBILE: {
    meaning:
      'people who may have the same mobile on file; a further one is refused and the operator is notified',
    default: '5',
    schema: whole(1, 1_000),
  },
  FUND_URL: {
    meaning:
      "address of the fund's information system (docs/fund-api.yaml); https, or http on a loopback name; unset: the embedded fund",
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
    meaning: "file with an additional certificate authority (PEM) to trust for the fund's certificate",
    default: '',
    schema: certificates,
  },
  FUND_CLIENT_CERT: {
    meaning: 'file with the certificate (PEM) that the cabinet presents to the fund (mTLS)',
    default: '',
    schema: file,
  },
  FUND_CLIENT_KEY: {
    meaning: 'file with the private key (PEM) of FUND_CLIENT_CERT',
    default: '',
    schema: file,
  },
  FUND_TOKEN_KEY: {
    meaning:
      'file with the private key (PKCS#8 PEM, Ed25519 or P-256) that signs a token for each request to the fund',
    default: '',
    schema: file,
  },
  FUND_AT_ONCE: {
    meaning:
      'requests to the fund at the same time from this process, counted separately for reads and changes',
    default: '20',
    schema: whole(1, 1_000),
  },
  FUND_COPY_HOURS: {
    meaning:
      "hours for which the fund's last answer about a person is shown, with its time, while the fund does not answer",
    default: '72',
    schema: whole(1, 720),
  },
  KAZPOST_API: {
    meaning:
      "Kazpost's address service: classic (api.post.kz) or open (open.post.kz); unset: embedded data only",
    default: '',
    schema: z.enum(['classic', 'open'], 'must be classic or open'),
  },
  KAZPOST_URL: {
    meaning: "address of Kazpost's service; unset: the usual one",
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
  KAZPOST_USER: { meaning: 'user name for open.post.kz', default: '', schema: z.string().min(1) },
  KAZPOST_PASSWORD: {
    meaning: 'password for open.post.kz',
    default: '',
    secret: true,
    schema: z.string().min(1),
  },
  KAZPOST_TOKEN: {
    meaning: 'token that Kazpost issued for open.post.kz, in place of a user name and password',
    default: '',
    secret: true,
    schema: z.string().regex(/^[\w.~+/=-]{1,8000}$/, 'must be a bearer token: letters, digits and -._~+/='),
  },
  KAZPOST_CA: {
    meaning: "file with an additional certificate authority (PEM) to trust for Kazpost's certificate",
    default: '',
    schema: certificates,
  },
  MOBILE_PREFIXES: {
    meaning: "prefixes of Kazakhstan's mobile operators, comma-separated",
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
      'e-mail gateway: smtps://user:password@host, or smtp:// for STARTTLS; set NODE_EXTRA_CA_CERTS to trust your own CA',
    default: '',
    secret: true,
    schema: gatewayUrl('smtp', 'smtps'),
  },
  SMTP_TLS: {
    meaning:
      'checked: verify the certificate of SMTP_URL; unchecked: accept any, only for a relay on this machine',
    default: 'checked',
    schema: z.enum(['checked', 'unchecked'], 'must be checked or unchecked'),
  },
  SMTP_EHLO_NAME: {
    meaning: 'host name for EHLO; unset: the host of PUBLIC_URL, or this machine’s own name',
    default: '',
    schema: z.string().regex(/^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/, 'must be a host name'),
  },
  MAIL_FROM: {
    meaning: 'sender of every e-mail, e.g. Cabinet <cabinet@example.kz>; required with SMTP_URL',
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
    meaning: 'SMS gateway: smpp://user:password@host:2775, or ssmpp:// for TLS',
    default: '',
    secret: true,
    schema: gatewayUrl('smpp', 'ssmpp'),
  },
  SMS_SENDER: {
    meaning:
      'sender of every SMS: a name of up to 11 Latin letters and digits, or a number; required with SMPP_URL',
    default: '',
    schema: z
      .string()
      .regex(
        /^(?:[A-Za-z0-9 ._-]{1,11}|\+?[0-9]{3,15})$/,
        'must be a name of up to 11 Latin letters and digits, or a number',
      ),
  },
  MESSAGE_WORKERS: {
    meaning: 'how many of --workers deliver messages; each opens one session with the SMS centre',
    default: '1',
    schema: whole(1, 64),
  },
  SMS_PER_SECOND: {
    meaning: 'SMS parts a second from this machine, by all --workers together',
    default: '30',
    schema: whole(1, 10_000),
  },
  EVENTS_KEPT_YEARS: {
    meaning: 'years for which security events are kept; requirements 832 demand at least three',
    default: '3',
    schema: whole(3, 100),
  },
  AUDIT_HEAD_FILE: {
    meaning:
      "file to which each new seal of the audit log is appended; put it where the database's administrators cannot write; kabinet audit verify reads it",
    default: '',
    schema: z.string().min(1),
  },
  METRICS_PORT: {
    meaning: 'port of the Prometheus metrics, on METRICS_HOST; unset: no metrics',
    default: '',
    schema: whole(0, 65_535),
  },
  METRICS_HOST: {
    meaning: 'address that METRICS_PORT listens on; only Prometheus should reach it',
    default: '127.0.0.1',
    schema: z.string().min(1),
  },
  OTEL_EXPORTER_OTLP_ENDPOINT: {
    meaning:
      'collector of OpenTelemetry that takes traces as OTLP over HTTP, e.g. http://127.0.0.1:4318; unset: no traces',
    default: '',
    schema: webUrl,
  },
  OTEL_EXPORTER_OTLP_HEADERS: {
    meaning: 'headers that the collector asks for, as name=value, comma-separated',
    default: '',
    secret: true,
    schema: headerList,
  },
  OTEL_TRACES_SAMPLER_ARG: {
    meaning: 'share of requests that are traced, from 0 to 1, where the proxy has not decided it',
    default: '1',
    schema: z
      .string()
      .regex(/^(?:0(?:\.[0-9]{1,6})?|1(?:\.0{1,6})?)$/, 'must be a number from 0 to 1')
      .transform(Number),
  },
  LOG_LEVEL: {
    meaning:
      'how much is logged: silent, error, warn, info or debug; while the service runs, SIGUSR2 switches to debug and back',
    default: 'info',
    schema: z.enum(
      ['silent', 'error', 'warn', 'info', 'debug'],
      'must be silent, error, warn, info or debug',
    ),
  },
} as const satisfies Record<string, Setting>;

export type SettingName = keyof typeof settings;

/** The values that were set, and the defaults of the others. */
export type Values = { [Name in SettingName]: z.output<(typeof settings)[Name]['schema']> | undefined };

/** Environment variables, as in `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Reads each setting by itself and reports what is wrong with it. */
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
