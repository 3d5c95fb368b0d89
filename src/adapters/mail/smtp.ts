import { createTransport } from 'nodemailer';
import { Undeliverable } from '../../modules/delivery/undeliverable.ts';
import { type Gateway, GatewayFailure } from '../../modules/notices/gateway.ts';

export interface SmtpSettings {
  /** `SMTP_URL`: `smtps://…` is TLS from the first byte, `smtp://…` by STARTTLS; user and password in it. */
  readonly url: URL;
  /** `MAIL_FROM`: the sender of every message. */
  readonly from: string;
  /** Connections kept open. */
  readonly connections: number;
  /** True where the server is on this machine: only there may the connection be without TLS. */
  readonly plainAllowed: boolean;
  /** A certificate authority beside the usual ones, PEM. */
  readonly ca?: string;
  /** Milliseconds for connecting, for the greeting, and for each answer. */
  readonly timeout?: number;
}

/** E-mail by SMTP, over a pool of connections whose certificates are checked. */
export function smtpGateway(settings: SmtpSettings): Gateway {
  const { url, timeout = 8_000 } = settings;
  const secure = url.protocol === 'smtps:';
  const transport = createTransport({
    pool: true,
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? (secure ? 465 : 587) : Number(url.port),
    secure,
    requireTLS: !secure && !settings.plainAllowed,
    ...(url.username === ''
      ? {}
      : { auth: { user: decodeURIComponent(url.username), pass: decodeURIComponent(url.password) } }),
    tls: {
      minVersion: 'TLSv1.2',
      rejectUnauthorized: true,
      ...(settings.ca === undefined ? {} : { ca: settings.ca }),
    },
    maxConnections: settings.connections,
    maxMessages: 1_000,
    connectionTimeout: timeout,
    greetingTimeout: timeout,
    socketTimeout: timeout,
    dnsTimeout: timeout,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const host = settings.from.replace(/^.*@|>\s*$/g, '');

  return {
    channel: 'email',
    async send(message, turns) {
      await turns.next();
      try {
        await transport.sendMail({
          from: settings.from,
          // An object is taken as it is: nothing in the address can become a second one.
          to: { name: '', address: message.to },
          subject: message.subject,
          text: message.text,
          html: message.html,
          messageId: `<${message.id}@${host}>`,
          headers: { 'Auto-Submitted': 'auto-generated', 'Content-Language': message.language },
        });
      } catch (error) {
        throw failure(error);
      }
    },
    probe: async () => {
      await transport.verify();
    },
    close: async () => transport.close(),
  };
}

/** SMTP says 5xx of a message or an address that it will never take; everything else may pass. */
function failure(error: unknown): Error {
  const { code, responseCode, command } = error as {
    code?: string;
    responseCode?: number;
    command?: string;
  };
  const isFinal = responseCode !== undefined && responseCode >= 500 && responseCode < 600;
  // A refused sign-in or sender is ours to mend, not the message's fault.
  if (isFinal && (command === 'RCPT TO' || command === 'DATA'))
    return new Undeliverable(`SMTP_${responseCode}`);
  return new GatewayFailure(responseCode === undefined ? (code ?? 'SMTP') : `SMTP_${responseCode}`);
}
