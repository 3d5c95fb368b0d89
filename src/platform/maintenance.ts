import type { Language } from '../values/language.ts';

/** A planned window, in which everything can be read and nothing changed. */
export interface MaintenanceWindow {
  readonly id: number;
  readonly from: Date;
  readonly until: Date;
  /** The operator's message in each language; null: the standard text. */
  readonly messages: Readonly<Record<Language, string | null>>;
}

/** What maintenance means for a request now. */
export type MaintenanceState =
  | { readonly kind: 'none' }
  | { readonly kind: 'announced'; readonly window: MaintenanceWindow }
  | { readonly kind: 'open'; readonly window: MaintenanceWindow; readonly secondsLeft: number };
