export interface RequisitesSettings {
  /** How long what was typed into a form that timed out is kept. */
  readonly draftHours: number;
}
