import type { Queryable } from '../../platform/postgres/database.ts';
import { isUnderAttack } from '../codes/guessing.ts';
import type { AccountRequestSettings } from './settings.ts';

/** Whether somebody is guessing codes over the whole population; as of the last look. */
export interface AttackSwitch {
  readonly open: boolean;
  /** After how many minutes it closes at the earliest. */
  readonly minutes: string;
  /** Looks again. Every process that answers people does so every two seconds. */
  look(): Promise<void>;
}

/** Keeps the answer in memory, so that pages cost no statement. */
export function createAttackSwitch(
  database: Queryable,
  { attackFailures, attackMultiple }: AccountRequestSettings,
): AttackSwitch {
  let state = { open: false, seconds: 0 };
  return {
    get open() {
      return state.open;
    },
    get minutes() {
      return String(Math.max(1, Math.ceil(state.seconds / 60)));
    },
    async look() {
      state = await isUnderAttack(database, {
        least: attackFailures,
        multiple: attackMultiple,
      });
    },
  };
}
