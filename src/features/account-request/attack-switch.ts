import type { Queryable } from '../../platform/postgres/database.ts';
import { isUnderAttack } from '../codes/guessing.ts';
import type { AccountRequestSettings } from './settings.ts';

/** Whether somebody is guessing codes across the whole population, as of the last look. */
export interface AttackSwitch {
  readonly open: boolean;
  /** The least number of minutes until it closes. */
  readonly minutes: string;
  /** Looks again. Every process that serves pages does this every two seconds. */
  look(): Promise<void>;
}

/** Keeps the answer in memory, because pages must not cost a statement for it. */
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
