import type { Texts } from '../kk.ts';

/** A question of the guide, as in its address. */
export type Topic = keyof Texts['help']['topics'];

/** A part of the list of questions. */
type TopicGroup = keyof Texts['help']['groups'];

/** The questions in the order of the list. Each is in one group. */
export const topicGroups: Readonly<Record<TopicGroup, readonly Topic[]>> = {
  signIn: ['password', 'key', 'key-browser', 'key-firefox', 'phone', 'first-time', 'forgotten-password'],
  change: ['address', 'phones', 'email', 'confirmation', 'receipt'],
  safety: ['second-step', 'message', 'not-me', 'lock'],
  special: ['no-computer', 'no-smartphone', 'abroad', 'old-number', 'lost-key', 'for-another', 'call'],
};

/** Every question once. */
export const topics: readonly Topic[] = Object.values(topicGroups).flat();
