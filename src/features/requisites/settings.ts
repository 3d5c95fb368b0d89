export interface RequisitesSettings {
  /** Hours for which what was typed into a form with an expired session is kept. */
  readonly draftHours: number;
}
