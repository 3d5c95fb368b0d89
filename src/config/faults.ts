import { readFileSync } from 'node:fs';
import { pairFault, tokenAlgorithm } from '../platform/credentials.ts';
import { isLoopbackName } from '../platform/loopback.ts';
import type { Environment, Values } from './settings.ts';

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

/** Finds settings that are valid by themselves but do not fit together. */
export function faultsBetween(
  values: Values,
  environment: Environment,
  demo: boolean,
  before: readonly string[],
): readonly string[] {
  const faults: string[] = [];
  const isNew = (name: string) => !before.some((fault) => fault.startsWith(name));
  const production = environment['NODE_ENV'] === 'production';
  if (production && demo) faults.push('DEMO=1 cannot be combined with NODE_ENV=production');
  faults.push(
    ...egovMobileFaults(values),
    ...kazpostFaults(values),
    ...fundFaults(values),
    ...gatewayFaults(values, environment),
  );
  if (values.DATABASE_URL !== undefined && values.SECRET_KEYS === undefined && isNew('SECRET_KEYS'))
    faults.push('SECRET_KEYS: required with DATABASE_URL (all nodes share them)');
  if (values.REQUIRE_SYNCHRONOUS && values.DATABASE_URL === undefined)
    faults.push('REQUIRE_SYNCHRONOUS: only beside DATABASE_URL (the embedded PostgreSQL has no standby)');
  for (const name of ['DATABASE_DIRECT_URL', 'DATABASE_BACKUP_URL', 'DATABASE_REPLICA_URL'] as const)
    if (values[name] !== undefined && values.DATABASE_URL === undefined)
      faults.push(`${name}: only beside DATABASE_URL`);
  if (!demo && isNew('TRUSTED_PROXIES')) faults.push(...proxyFaults(values));
  return faults;
}

function gatewayFaults(values: Values, environment: Environment): readonly string[] {
  const faults: string[] = [];
  if (values.SMTP_TLS === 'unchecked' && values.SMTP_URL && !isLoopbackName(values.SMTP_URL.hostname)) {
    faults.push('SMTP_TLS: unchecked is only for an SMTP_URL on this machine');
  }
  for (const [gateway, sender] of [
    ['SMTP_URL', 'MAIL_FROM'],
    ['SMPP_URL', 'SMS_SENDER'],
  ] as const) {
    if (values[gateway] && !environment[sender]) faults.push(`${sender}: required with ${gateway}`);
  }
  return faults;
}

/**
 * The service itself speaks no TLS, so where people use https there is a proxy before it. Without
 * the proxy's address everybody seems to come from the proxy, and all share one limit; if the proxy
 * is on this machine, no limit applies.
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

/** Beyond a loopback name, the fund must be able to tell who asks. */
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

/** The phone shows who asks, so a host alone is not enough. */
function egovMobileFaults(values: Values): string[] {
  const names = [
    'EGOV_MOBILE_NAME_KK',
    'EGOV_MOBILE_NAME_RU',
    'EGOV_MOBILE_NAME_EN',
    'EGOV_MOBILE_BIN',
  ] as const;
  const missing = names.filter((name) => values[name] === undefined);
  return values.EGOV_MOBILE_HOST === undefined
    ? []
    : missing.map((name) => `${name}: required with EGOV_MOBILE_HOST`);
}

/** The open service needs a token, or a name and a password. */
function kazpostFaults(values: Values): string[] {
  if (values.KAZPOST_API !== 'open') return [];
  const token = values.KAZPOST_TOKEN !== undefined;
  const given = [values.KAZPOST_USER, values.KAZPOST_PASSWORD].filter((one) => one !== undefined).length;
  if (token && given > 0) return ['KAZPOST_TOKEN: give it, or KAZPOST_USER and KAZPOST_PASSWORD, not both'];
  if (token || given === 2) return [];
  return ['KAZPOST_USER and KAZPOST_PASSWORD, or KAZPOST_TOKEN: required with KAZPOST_API=open'];
}
