import { createTransport } from 'nodemailer';
import { Undeliverable } from '../../platform/outbox/undeliverable.ts';
import { type Gateway, GatewayFailure } from '../gateway.ts';

export interface SmtpSettings {
  /**
   * `SMTP_URL`, with user and password. `smtps://…` uses TLS from the first byte, `smtp://…` uses
   * STARTTLS.
   */
  readonly url: URL;
  /** `MAIL_FROM`: the sender of every message. */
  readonly from: string;
  /** How many connections are kept open. */
  readonly connections: number;
  /** True when the server is on this machine. Only then may the connection be without TLS. */
  readonly plainAllowed: boolean;
  /** A certificate authority to trust besides Node's own list, PEM. */
  readonly ca?: string;
  /** `SMTP_TLS=unchecked`: accept any certificate. Only for a server on this machine. */
  readonly anyCertificate?: boolean;
  /** `SMTP_EHLO_NAME`: the name in EHLO; undefined: the name of this machine. */
  readonly ehloName?: string | undefined;
  /** Milliseconds for connecting, for the greeting and for each answer. */
  readonly timeout?: number;
}

/** Sends e-mail by SMTP, over a pool of connections with verified certificates. */
export function createSmtpGateway(settings: SmtpSettings): Gateway {
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
      rejectUnauthorized: !(settings.anyCertificate && settings.plainAllowed),
      ...(settings.ca === undefined ? {} : { ca: settings.ca }),
    },
    ...(settings.ehloName === undefined ? {} : { name: settings.ehloName }),
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
    async send(message, pace) {
      await pace.next();
      try {
        await transport.sendMail({
          from: settings.from,
          // Nodemailer does not parse an object, so the address cannot contain a second recipient.
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
      try {
        await transport.verify();
      } catch (error) {
        throw failure(error);
      }
    },
    close: async () => transport.close(),
  };
}

/** What nodemailer reports about a failure. */
interface SmtpError {
  /** Nodemailer's own code, e.g. `EAUTH`. */
  readonly code?: string;
  /** The system's or TLS's code, e.g. `DEPTH_ZERO_SELF_SIGNED_CERT`. */
  readonly originalCode?: string;
  /** The code of the SMTP reply; absent or false without a reply. */
  readonly responseCode?: number | false;
  /** The whole reply. */
  readonly response?: string;
  /** The SMTP command, e.g. `RCPT TO`. */
  readonly command?: string;
}

/**
 * Whether a refusal says nothing about the address: by policy (RFC 3463, X.7.X), of a full mailbox
 * (X.2.2, 552), or without a reason (554).
 */
function isPolicy(response = ''): boolean {
  return /^5\d\d[ -]5\.(?:7\.\d+|2\.2)\b|^552\b|^554(?![ -]5\.1\.)/.test(response);
}

/** RFC 5321: "service not available, closing transmission channel". May answer any command. */
const closing = 421;

/**
 * Turns a failure into an error that says what caused it. A 5xx reply to a recipient or to the
 * content is final; everything else may be temporary.
 */
function failure(error: unknown): Error {
  const { code, originalCode, responseCode: reply, response, command = '' } = error as SmtpError;
  if (!reply) {
    if (command === 'API' && code === 'EENVELOPE')
      return new Undeliverable('SMTP_ADDRESS', { noRecipient: true });
    return new GatewayFailure(originalCode ?? code ?? 'SMTP', code === 'EAUTH' ? 'account' : 'gateway');
  }
  const ofReply = `SMTP_${reply}`;
  const isFinal = reply >= 500 && reply < 600;
  if (reply === closing) return new GatewayFailure(ofReply);
  // Greylisting and full mailboxes concern one recipient only.
  if (command === 'RCPT TO')
    return isFinal
      ? new Undeliverable(ofReply, { noRecipient: !isPolicy(response) })
      : new GatewayFailure(ofReply, 'message');
  if (command === 'DATA')
    return isFinal ? new Undeliverable(ofReply) : new GatewayFailure(ofReply, 'unclear');
  if (command.startsWith('AUTH') && isFinal) return new GatewayFailure(ofReply, 'account');
  return new GatewayFailure(ofReply);
}
