import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { AccountRequestSettings } from '../features/account-request/settings.ts';
import type { CodeSettings } from '../features/codes/settings.ts';
import type { ContactSettings } from '../features/contact-change/settings.ts';
import type { DisavowalSettings } from '../features/disavowal/settings.ts';
import type { EdsSettings } from '../features/eds/settings.ts';
import type { EgovMobileSettings } from '../features/egov-mobile/settings.ts';
import type { OperationsSettings } from '../features/operations/settings.ts';
import type { PasswordSettings } from '../features/passwords/settings.ts';
import type { ReminderSettings } from '../features/reminders/settings.ts';
import type { RequisitesSettings } from '../features/requisites/settings.ts';
import type { SecondStepSettings } from '../features/second-step/settings.ts';
import type { SessionSettings, SignInSettings } from '../features/sign-in/settings.ts';
import type { FundSettings } from '../fund/http/line.ts';
import type { KazpostSettings } from '../gateways/kazpost/kazpost.ts';
import type { NcaSettings } from '../gateways/nca/verifier.ts';
import type { HttpSettings } from '../platform/http/settings.ts';
import { isLoopbackName } from '../platform/loopback.ts';
import type { DatabaseSettings } from '../platform/postgres/settings.ts';
import { egovMobileOf } from './egov-mobile.ts';
import { ConfigError, faultsBetween } from './faults.ts';
import { keptKey, newReceiptKey, newSecretKey } from './kept-keys.ts';
import { readSecretFiles } from './secret-files.ts';
import { type Environment, readSettings, type Values } from './settings.ts';

/** Every setting of the service, read once at start, in one group for each feature. */
export interface Config {
  readonly demo: boolean;
  /** The first key signs; all of them verify. */
  readonly secretKeys: readonly [string, ...string[]];
  /** The keys that seal receipts, the sealing one first. Undefined: receipts have no seal. */
  readonly receiptKeys: readonly [string, ...string[]] | undefined;
  readonly server: ServerSettings;
  readonly database: DatabaseSettings;
  readonly sessions: SessionSettings;
  readonly signIn: SignInSettings;
  readonly secondStep: Pick<SecondStepSettings, 'mode'>;
  readonly passwords: PasswordSettings;
  readonly codes: CodeSettings;
  readonly accountRequests: AccountRequestSettings;
  readonly contacts: ContactSettings;
  readonly requisites: RequisitesSettings;
  readonly reminders: ReminderSettings;
  readonly disavowal: DisavowalSettings;
  readonly eds: EdsSettings & EdsTrustSettings;
  readonly egovMobile: EgovMobileSettings;
  readonly fund: {
    /**
     * The fund's system over HTTP, and how the cabinet identifies itself there. Undefined: the
     * embedded fund.
     */
    readonly http: FundSettings | undefined;
    /** How many hours the fund's last answer is used while the fund does not answer. */
    readonly copyHours: number;
  };
  /** Kazpost's service; undefined where the operator has no access to one. */
  readonly kazpost: KazpostSettings | undefined;
  readonly mail: MailSettings;
  readonly sms: SmsSettings;
  readonly operations: OperationsSettings;
}

/** A process of the service, and how to reach it. */
export interface ServerSettings extends HttpSettings {
  readonly port: number;
  readonly host: string;
  /**
   * What this process does: serves people (`web`), runs the background work (`worker`), or both.
   */
  readonly role: 'all' | 'web' | 'worker';
  /** Seconds for which it still accepts connections after SIGTERM, so that a proxy notices. */
  readonly drainSeconds: number;
  readonly workerStartSeconds: number;
  /** How many of `--workers` deliver messages, and so connect to the gateways. */
  readonly messageWorkers: number;
  readonly requestsAtOnce: number;
}

/** Which certificates are trusted for signatures, and where to ask whether one was revoked. */
export interface EdsTrustSettings
  extends Pick<NcaSettings, 'trust' | 'ocspUrl' | 'tsaUrl' | 'crlDir' | 'threads'> {
  readonly folderSeconds: number;
}

export interface MailSettings {
  /** Undefined: no gateway, or the inbox of a demonstration. */
  readonly gateway:
    | {
        readonly url: URL;
        readonly from: string;
        /** Any certificate is accepted. Only allowed for a server on this machine. */
        readonly anyCertificate: boolean;
        /** Undefined: the name of this machine. */
        readonly ehloName: string | undefined;
      }
    | undefined;
  readonly perSecond: number;
}

export interface SmsSettings {
  readonly gateway: { readonly url: URL; readonly sender: string } | undefined;
  /** Message parts a second. */
  readonly perSecond: number;
}

/**
 * Reads every setting.
 * @throws ConfigError naming all wrong settings at once
 */
export function readConfig(given: Environment): Config {
  const { environment, faults: unread } = readSecretFiles(given);
  const { values, faults: wrong } = readSettings(environment);
  const own = [...unread, ...wrong];
  const demo = values.DEMO ?? demoByDefault(environment);
  const faults = [...own, ...faultsBetween(values, environment, demo, own)];
  if (faults.length > 0) throw new ConfigError(faults);
  const varDir = resolve(known(values.VAR_DIR));
  return {
    demo,
    secretKeys: atLeastOne(values.SECRET_KEYS ?? [keptKey(join(varDir, 'secret-key'), newSecretKey)]),
    receiptKeys: receiptKeysOf(values, varDir),
    server: serverOf(values),
    database: {
      url: values.DATABASE_URL,
      directUrl: values.DATABASE_DIRECT_URL ?? values.DATABASE_URL,
      backupUrl: values.DATABASE_BACKUP_URL,
      replicaUrl: values.DATABASE_REPLICA_URL,
      requireSynchronous: known(values.REQUIRE_SYNCHRONOUS),
      prepared: values.DATABASE_PREPARED ?? values.DATABASE_URL === undefined,
      connections: known(values.DATABASE_POOL),
      varDir,
    },
    ...peopleOf(values),
    requisites: { draftHours: known(values.DRAFT_HOURS) },
    reminders: { hours: known(values.REMINDER_HOURS) },
    disavowal: { days: known(values.DISAVOWAL_DAYS) },
    eds: edsOf(values, demo, varDir),
    egovMobile: egovMobileOf(values, demo),
    fund: { http: fundOf(values), copyHours: known(values.FUND_COPY_HOURS) },
    kazpost: kazpostOf(values),
    mail: { gateway: mailGatewayOf(values), perSecond: known(values.MAIL_PER_SECOND) },
    sms: {
      gateway: values.SMPP_URL && { url: values.SMPP_URL, sender: known(values.SMS_SENDER) },
      perSecond: known(values.SMS_PER_SECOND),
    },
    operations: {
      eventsKeptYears: known(values.EVENTS_KEPT_YEARS),
      auditHeadFile: values.AUDIT_HEAD_FILE === undefined ? undefined : resolve(values.AUDIT_HEAD_FILE),
      metricsPort: values.METRICS_PORT,
      metricsHost: known(values.METRICS_HOST),
      logLevel: known(values.LOG_LEVEL),
      traces: tracesOf(values),
    },
  };
}

function tracesOf(values: Values): OperationsSettings['traces'] {
  const endpoint = values.OTEL_EXPORTER_OTLP_ENDPOINT;
  if (endpoint === undefined) return undefined;
  return {
    endpoint,
    headers: values.OTEL_EXPORTER_OTLP_HEADERS ?? {},
    share: known(values.OTEL_TRACES_SAMPLER_ARG),
  };
}

/** The groups of settings, under the names that features know them by. */
export function settingsOf(config: Config) {
  return {
    sessionSettings: config.sessions,
    signInSettings: config.signIn,
    secondStepSettings: { ...config.secondStep, byPhone: config.egovMobile.service !== undefined },
    codeSettings: config.codes,
    accountRequestSettings: config.accountRequests,
    contactSettings: config.contacts,
    requisitesSettings: config.requisites,
    reminderSettings: config.reminders,
    disavowalSettings: config.disavowal,
    edsSettings: config.eds,
    egovMobileSettings: config.egovMobile,
  };
}

/** Demonstration mode is on by default only where nothing real has been configured. */
export function demoByDefault(environment: Environment): boolean {
  const real = ['DATABASE_URL', 'FUND_URL', 'SMTP_URL', 'SMPP_URL'];
  return environment['NODE_ENV'] !== 'production' && !real.some((name) => environment[name]);
}

function serverOf(values: Values): ServerSettings {
  return {
    port: known(values.PORT),
    host: known(values.HOST),
    role: known(values.ROLE),
    workerStartSeconds: known(values.WORKER_START_SECONDS),
    drainSeconds: values.DRAIN_SECONDS ?? (values.PUBLIC_URL ? 5 : 0),
    messageWorkers: known(values.MESSAGE_WORKERS),
    publicUrl: values.PUBLIC_URL,
    trustedProxies: (values.TRUSTED_PROXIES ?? []).filter((one) => one !== 'none'),
    requestsAtOnce: known(values.REQUESTS_AT_ONCE),
    floodPerMinute: known(values.FLOOD_PER_MINUTE),
  };
}

/** How people sign in, stay signed in and identify themselves. */
function peopleOf(
  values: Values,
): Pick<
  Config,
  'sessions' | 'signIn' | 'secondStep' | 'passwords' | 'codes' | 'accountRequests' | 'contacts'
> {
  return {
    sessions: {
      idleMinutes: known(values.SESSION_IDLE_MINUTES),
      maxHours: known(values.SESSION_MAX_HOURS),
      perPerson: known(values.SESSIONS_PER_PERSON),
    },
    signIn: {
      freeFailures: known(values.SIGN_IN_FREE_FAILURES),
      maxDelayMinutes: known(values.SIGN_IN_MAX_DELAY_MINUTES),
      iinFailures: known(values.SIGN_IN_IIN_FAILURES),
    },
    secondStep: { mode: known(values.SECOND_STEP) },
    passwords: { hashesAtOnce: known(values.PASSWORD_HASHES_AT_ONCE) },
    codes: {
      perQuarterHour: known(values.CODES_PER_QUARTER_HOUR),
      perDay: known(values.CODES_PER_DAY),
      perNetworkHour: known(values.CODES_PER_NETWORK_HOUR),
      perHour: known(values.CODES_PER_HOUR),
      confirmationMinutes: known(values.CONFIRMATION_CODE_MINUTES),
      accountRequestMinutes: known(values.ENTRY_CODE_MINUTES),
    },
    accountRequests: {
      minutes: known(values.ENTRY_MINUTES),
      choiceMinutes: known(values.ENTRY_CHOICE_MINUTES),
      attackFailures: known(values.CODE_BREAKER_LEAST),
      attackMultiple: known(values.CODE_BREAKER_MULTIPLE),
    },
    contacts: {
      mobilePrefixes: known(values.MOBILE_PREFIXES),
      waitHours: known(values.CONTACT_WAIT_HOURS),
      edsWaitHours: known(values.EDS_CONTACT_WAIT_HOURS),
      proofMinutes: known(values.PROOF_MINUTES),
      pendingMinutes: known(values.PENDING_MINUTES),
      personsPerMobile: known(values.PERSONS_PER_MOBILE),
    },
  };
}

/** A demonstration trusts the certificates in its own folder. */
function edsOf(values: Values, demo: boolean, varDir: string): Config['eds'] {
  const { EDS_TRUST: trust, EDS_CRL_DIR: lists } = values;
  const own = demo ? join(varDir, 'eds') : undefined;
  return {
    trust:
      trust === 'production' || (trust === undefined && own === undefined)
        ? 'production'
        : { folder: trust === undefined ? known(own) : resolve(trust) },
    ocspUrl: values.EDS_OCSP_URL,
    tsaUrl: values.EDS_TSA_URL,
    crlDir: lists === undefined ? own : resolve(lists),
    folderSeconds: known(values.EDS_FOLDER_SECONDS),
    threads: known(values.EDS_THREADS),
    challengeSeconds: known(values.EDS_CHALLENGE_SECONDS),
  };
}

function mailGatewayOf(values: Values): MailSettings['gateway'] {
  const { SMTP_URL: url, PUBLIC_URL: site } = values;
  if (!url) return undefined;
  return {
    url,
    from: known(values.MAIL_FROM),
    anyCertificate: values.SMTP_TLS === 'unchecked',
    ehloName: values.SMTP_EHLO_NAME ?? (site && !isLoopbackName(site.hostname) ? site.hostname : undefined),
  };
}

function fundOf(values: Values): FundSettings | undefined {
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

function kazpostOf(values: Values): KazpostSettings | undefined {
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

/** A setting with a default always has a value, unless it had a fault. */
function known<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new Error('a setting without a default was taken for one that has it');
  return value;
}

function atLeastOne(keys: readonly string[]): readonly [string, ...string[]] {
  const [first, ...others] = keys;
  return [known(first), ...others];
}

function receiptKeysOf({ RECEIPT_KEYS: given, DATABASE_URL: url }: Values, varDir: string) {
  if (given) return atLeastOne(given);
  return url === undefined ? ([keptKey(join(varDir, 'receipt-key'), newReceiptKey)] as const) : undefined;
}
