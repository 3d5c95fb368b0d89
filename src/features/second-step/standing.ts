import type { HolderProof, Restriction, Step } from '../../platform/session.ts';
import type { SecondStepSettings } from './settings.ts';

/** What a holder has to prove who they are, by the database's clock. */
export interface StepStanding {
  readonly hasPassword: boolean;
  /** Whether the password is long enough without a second step. Null: it is not known. */
  readonly sufficesAlone: boolean | null;
  readonly passkeys: number;
  /** An authenticator app that was confirmed by a code. */
  readonly authenticator: boolean;
  /** Backup codes that were not used yet. */
  readonly backupCodes: number;
  /** The holder accepted the risk of codes by SMS. */
  readonly smsAllowed: boolean;
  /** The mobile on file. */
  readonly mobile: string | null;
  /**
   * Until when the mobile proves nothing, because it was changed or restored the password a short
   * time ago. Null: it does.
   */
  readonly mobileFreshUntil: Date | null;
  /** No step is asked in this browser. */
  readonly trusted: boolean;
}

/** A step that can be asked for. */
export type AskedStep = Exclude<Step, 'trusted'>;

/** A step that is a code, which is typed. */
export type CodeStep = Exclude<AskedStep, 'passkey' | 'phone'>;

/** What follows a right password. */
export type NextStep =
  /** The session begins, without a step or in a browser that is not asked again. */
  | { readonly kind: 'open'; readonly step: 'trusted' | null; readonly restricted: Restriction | null }
  /** One of these steps, the strongest first. */
  | { readonly kind: 'ask'; readonly steps: readonly [AskedStep, ...AskedStep[]] }
  /** A step is needed, and this person has none. Only EDS or a branch helps. */
  | { readonly kind: 'impossible' };

/** Whether a holder has a step that is stronger than a code by SMS. */
export function hasStrongStep({ passkeys, authenticator }: StepStanding): boolean {
  return passkeys > 0 || authenticator;
}

/** What is asked after a right password. */
export function nextStep(standing: StepStanding, { mode, byPhone }: SecondStepSettings): NextStep {
  const { passkeys, authenticator, backupCodes, smsAllowed, mobile, mobileFreshUntil } = standing;
  const canGetSms = mobile !== null && mobileFreshUntil === null;
  const isStrong = hasStrongStep(standing);
  if (!isStrong && !smsAllowed && mode === 'offered') return { kind: 'open', step: null, restricted: null };
  // A browser that is not asked again was proved by a step. That step may be gone since.
  if (standing.trusted) return { kind: 'open', step: 'trusted', restricted: null };
  if (!isStrong) {
    if (mobile === null) return byPhone ? { kind: 'ask', steps: ['phone'] } : { kind: 'impossible' };
    return canGetSms
      ? { kind: 'ask', steps: byPhone ? ['sms', 'phone'] : ['sms'] }
      : { kind: 'open', step: null, restricted: 'fresh-mobile' };
  }
  const steps: AskedStep[] = [
    ...(passkeys > 0 ? (['passkey'] as const) : []),
    ...(authenticator ? (['authenticator'] as const) : []),
    ...(backupCodes > 0 ? (['backup-code'] as const) : []),
    ...(smsAllowed && canGetSms ? (['sms'] as const) : []),
    ...(byPhone ? (['phone'] as const) : []),
  ];
  return { kind: 'ask', steps: steps as [AskedStep, ...AskedStep[]] };
}

/**
 * What proves anew in a session who its holder is, the strongest first. A password counts only
 * where there is no second step: whoever stole it must not be able to add a step of their own. In a
 * session that a phone has opened, a code to the mobile on file counts, too: its holder has signed,
 * and now shows that they are also at this browser.
 */
export function acceptedProofs(
  standing: StepStanding,
  settings: SecondStepSettings,
  restricted: Restriction | null = null,
): readonly HolderProof[] {
  if (restricted === 'phone') {
    const { mobile, mobileFreshUntil } = standing;
    const own = nextStep({ ...standing, trusted: false, smsAllowed: false }, settings);
    const strong = own.kind === 'ask' ? own.steps.filter(isProof).filter((step) => step !== 'sms') : [];
    return [...strong, ...(mobile !== null && mobileFreshUntil === null ? (['sms'] as const) : []), 'eds'];
  }
  const next = nextStep({ ...standing, trusted: false }, settings);
  if (next.kind === 'ask') return [...next.steps.filter(isProof), 'eds'];
  const isPasswordEnough = standing.hasPassword && next.kind === 'open' && next.restricted === null;
  return isPasswordEnough ? ['password', 'eds'] : ['eds'];
}

/** In a session, a phone proves nothing anew: its signature opens a session of its own. */
function isProof(step: AskedStep): step is Exclude<AskedStep, 'phone'> {
  return step !== 'phone';
}

/** Whether a step is a code, which is typed. */
export function isCodeStep(step: AskedStep): step is CodeStep {
  return step !== 'passkey' && step !== 'phone';
}

/** Whether a proof lifts the restriction of a session. */
export function liftsRestriction(proof: HolderProof, restricted: Restriction | null): boolean {
  return proof !== 'password' && (proof !== 'sms' || restricted === 'phone');
}
