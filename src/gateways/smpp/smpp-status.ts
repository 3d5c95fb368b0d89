import { Undeliverable } from '../../platform/outbox/undeliverable.ts';
import { type Blame, GatewayFailure } from '../gateway.ts';

/** What an error status of SMPP 3.4, 5.1.3, is about. */
export type StatusClass =
  | 'ok'
  /** The session or its frames: nothing more can be sent in this session. */
  | 'session'
  /** The user name, the password or the rights of the account. */
  | 'account'
  /** The SMS centre wants fewer messages. */
  | 'throttling'
  /** This recipient, permanently. */
  | 'destination'
  /** Something in this message. Other messages may pass. */
  | 'message'
  /** A system error, a vendor's own status, or one that no standard defines. */
  | 'unknown';

const classes: readonly (readonly [StatusClass, readonly number[]])[] = [
  ['ok', [0x00]],
  // Invalid length or command (the two sides are out of step), wrong bind state, already bound.
  ['session', [0x02, 0x03, 0x04, 0x05]],
  // Bind failed, invalid password, invalid system id, invalid system type.
  ['account', [0x0d, 0x0e, 0x0f, 0x53]],
  ['throttling', [0x14, 0x58]],
  ['destination', [0x0b, 0x50, 0x51]],
  [
    'message',
    [
      // Length, flags, sender, service type, number of destinations, esm_class, "submit failed".
      0x01, 0x06, 0x07, 0x0a, 0x15, 0x33, 0x34, 0x40, 0x42, 0x43, 0x44, 0x45, 0x48, 0x49,
      // Flags and times of delivery, predefined messages, refusals by the receiving application.
      0x54, 0x55, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66,
      // Optional parameters.
      0xc0, 0xc1, 0xc2, 0xc3, 0xc4,
    ],
  ],
];

/** The class of a `command_status`. */
export function classOfStatus(status: number): StatusClass {
  return classes.find(([, statuses]) => statuses.includes(status))?.[0] ?? 'unknown';
}

const blames: Readonly<Record<Exclude<StatusClass, 'ok' | 'destination'>, Blame>> = {
  session: 'gateway',
  account: 'account',
  throttling: 'gateway',
  message: 'message',
  unknown: 'unclear',
};

/** The error of a refused message part: `Undeliverable` when no retry can help. */
export function refusal(status: number): Error {
  const kind = classOfStatus(status);
  if (kind === 'destination') return new Undeliverable(`SMPP_${hex(status)}`, { noRecipient: true });
  return new GatewayFailure(`SMPP_SUBMIT_${hex(status)}`, kind === 'ok' ? 'gateway' : blames[kind]);
}

/** The error of a refused bind. Only a refusal of the account is retried at growing intervals. */
export function bindRefusal(status: number): GatewayFailure {
  const isAccount = classOfStatus(status) === 'account';
  return new GatewayFailure(`SMPP_BIND_${hex(status)}`, isAccount ? 'account' : 'gateway');
}

function hex(status: number): string {
  return `0x${status.toString(16).padStart(2, '0')}`;
}
