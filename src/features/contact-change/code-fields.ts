import type { Channel } from '../notices/channel.ts';
import type { ContactProof, NeededProofs } from './pending-change.ts';

/** The fields of the confirmation form that hold codes. */
export const codeFields = ['currentCode', 'newMobileCode', 'newEmailCode'] as const;

export type CodeField = (typeof codeFields)[number];

/** The field of the code that was sent to a new value. */
export function newCodeField(channel: Channel): CodeField {
  return channel === 'mobile' ? 'newMobileCode' : 'newEmailCode';
}

/** The proof that a code field gives. Undefined when this change does not need it. */
export function proofOf(field: CodeField, needed: NeededProofs): ContactProof | undefined {
  if (field === 'currentCode') return needed.current && 'current';
  return needed.new && newCodeField(needed.new.channel) === field ? 'new' : undefined;
}
