/** Ways to reach a person. */
export type Channel = 'mobile' | 'email';

export const channels: readonly Channel[] = ['mobile', 'email'];

/** Which channels work now, so that pages can say when one does not. */
export interface Channels {
  available(channel: Channel): boolean;
}
