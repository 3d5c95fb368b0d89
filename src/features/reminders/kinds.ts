/** What a holder has that ends. */
export const reminderKinds = ['key', 'document'] as const;

export type ReminderKind = (typeof reminderKinds)[number];

/** The days before the end on which somebody is reminded, the first one first. */
export const reminderDays: Readonly<Record<ReminderKind, readonly [first: number, second: number]>> = {
  key: [30, 7],
  document: [60, 14],
};
