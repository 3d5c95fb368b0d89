import type { MaintenanceWindow } from '../../platform/maintenance.ts';

export interface MaintenanceStore {
  /** Windows that are not over, the next first, and the database's time. */
  upcoming(): Promise<{ readonly windows: readonly MaintenanceWindow[]; readonly now: Date }>;
  /** Every window with its fate, the newest first. */
  list(): Promise<readonly ListedWindow[]>;
  /** Undefined when it would overlap another. */
  add(window: Omit<MaintenanceWindow, 'id'>): Promise<number | undefined>;
  /** Ends a window at once, or takes an announced one back; false when there is none to end. */
  end(id: number): Promise<boolean>;
}

export interface ListedWindow extends MaintenanceWindow {
  readonly state: 'planned' | 'open' | 'over' | 'ended early' | 'taken back';
}
