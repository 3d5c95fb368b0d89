/** When reminders are sent: from the first hour to before the second one, in Astana. */
export interface ReminderSettings {
  readonly hours: readonly [from: number, until: number];
}
