import type { Logger } from 'pino';
import type { Config } from './config/config.ts';
import { demonstration } from './demonstration.ts';
import type { Channel } from './features/notices/channel.ts';
import { createAbsentSender, type MessageSender } from './features/notices/sender.ts';
import { endAlert, raiseAlert } from './features/operations/alert-store.ts';
import { markContact } from './features/reachability/store.ts';
import { GatewayFailure } from './gateways/gateway.ts';
import type { GatewayWatch } from './gateways/health.ts';
import { createMessageSender, defaultGatewayLimits } from './gateways/message-sender.ts';
import { createSmsReceipts } from './gateways/smpp/receipt-store.ts';
import { isLoopbackName } from './platform/loopback.ts';
import type { Database } from './platform/postgres/database.ts';

interface SenderDeps {
  readonly config: Config;
  readonly database: Database;
  readonly log: Logger;
  readonly onError: (error: Error) => void;
  /** False in a process that only serves people. It connects to no gateway. */
  readonly delivers: boolean;
  /**
   * What processes that deliver have reported about a channel. Undefined when there is no recent
   * report.
   */
  readonly heard: (channel: Channel) => boolean | undefined;
}

/**
 * A sender for each channel: its gateway if one is configured, the inbox of a demonstration, or
 * none. The packages of a gateway are loaded only for it.
 */
export async function createSenders(deps: SenderDeps): Promise<Record<Channel, MessageSender>> {
  const { config, database, delivers, heard } = deps;
  const without = (channel: Channel) =>
    config.demo && demonstration ? demonstration.sender(database, channel) : createAbsentSender(channel);
  const { gateway: smtp } = config.mail;
  const { gateway: smpp } = config.sms;
  if (!delivers) {
    return {
      email: smtp ? distantSender('email', heard) : without('email'),
      mobile: smpp ? distantSender('mobile', heard) : without('mobile'),
    };
  }
  return {
    email: smtp ? await smtpSender(smtp, deps) : without('email'),
    mobile: smpp ? await smppSender(smpp, deps) : without('mobile'),
  };
}

type Gateway<Group extends 'mail' | 'sms'> = NonNullable<Config[Group]['gateway']>;

async function smtpSender(smtp: Gateway<'mail'>, deps: SenderDeps): Promise<MessageSender> {
  const { createSmtpGateway } = await import('./gateways/smtp/smtp.ts');
  return createMessageSender(
    () =>
      createSmtpGateway({
        ...smtp,
        connections: defaultGatewayLimits.atOnce,
        plainAllowed: isLoopbackName(smtp.url.hostname),
      }),
    { ...defaultGatewayLimits, perSecond: deps.config.mail.perSecond },
    watchOf('SMTP', deps),
  );
}

async function smppSender(smpp: Gateway<'sms'>, deps: SenderDeps): Promise<MessageSender> {
  const { config, database, onError } = deps;
  const receipts = createSmsReceipts(database, ({ holderId, hash }) =>
    markContact(database, { holderId, channel: 'mobile', hash }, 'undelivered'),
  );
  const { createSmppGateway } = await import('./gateways/smpp/smpp.ts');
  return createMessageSender(
    (lost) => createSmppGateway(smpp, { receipts, lost, onError }),
    // A probe every 30 seconds keeps the session alive.
    { ...defaultGatewayLimits, perSecond: config.sms.perSecond, probeUp: 30_000 },
    watchOf('SMPP', deps),
  );
}

/**
 * For a gateway to which other processes are connected. It only knows whether the channel works.
 */
function distantSender(channel: Channel, heard: SenderDeps['heard']): MessageSender {
  return {
    channel,
    get available() {
      return heard(channel) ?? true;
    },
    send: () => Promise.reject(new GatewayFailure('GATEWAY_ELSEWHERE', 'message')),
    close: async () => undefined,
  };
}

/** Writes a gateway's codes into the log, and raises an alert while it refuses our account. */
function watchOf(gateway: 'SMTP' | 'SMPP', { database, log, onError }: SenderDeps): GatewayWatch {
  return {
    changed: (available, code) =>
      available
        ? log.warn({ gateway }, 'the gateway answers again')
        : log.warn({ gateway, code }, 'the gateway is down'),
    failed: (code) => log.warn({ gateway, code }, 'the gateway did not take a message'),
    account(code) {
      if (code !== undefined) log.error({ gateway, code }, 'the gateway refuses the account of the service');
      const kind = gateway === 'SMTP' ? 'mail-account-refused' : 'sms-account-refused';
      const written = code === undefined ? endAlert(database, kind) : raiseAlert(database, kind, { code });
      written.catch(onError);
    },
  };
}
