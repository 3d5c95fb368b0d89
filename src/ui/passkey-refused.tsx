import type { Texts } from '../texts/kk.ts';
import { Alert } from './alert.tsx';

/** Why a passkey was refused, and why its holder may not come in. */
type ShownPasskeyReason =
  | keyof Texts['passkey']['reasons']
  | 'locked'
  | 'unknownPerson'
  | 'notActive'
  | 'statusUnknown'
  | 'fundDown';

export interface PasskeyRefusedProps {
  t: Texts;
  /** Undefined when none was refused. */
  reason: ShownPasskeyReason | undefined;
}

/** Says why a passkey was refused. */
export function PasskeyRefused({ t, reason }: PasskeyRefusedProps) {
  if (reason === undefined) return null;
  return (
    <Alert kind="danger" title={t.passkey.notAccepted} announced>
      <p>{reasonText(t, reason)}</p>
    </Alert>
  );
}

/** A reason in words. Why a holder may not come in is said as after a right password or key. */
function reasonText(t: Texts, reason: ShownPasskeyReason): string {
  switch (reason) {
    case 'locked':
      return t.signIn.locked;
    case 'unknownPerson':
    case 'notActive':
    case 'statusUnknown':
    case 'fundDown':
      return t.eds.reasons[reason];
    default:
      return t.passkey.reasons[reason];
  }
}
