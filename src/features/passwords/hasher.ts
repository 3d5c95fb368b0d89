import { hash, verify } from '@node-rs/argon2';
import PQueue from 'p-queue';
import type { SlotRunner } from '../../platform/process/shared-slots.ts';

/** OWASP's minimum for argon2id (Password Storage Cheat Sheet): 19 MiB, two passes, one lane. */
const parameters = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;
const current = `$argon2id$v=19$m=${parameters.memoryCost},t=${parameters.timeCost},p=${parameters.parallelism}$`;

/**
 * Waiting hashes per slot. At about 60 hashes a second and core, this queue takes about three
 * seconds.
 */
const waitingPerSlot = 200;

/** Hashes and checks passwords off the event loop, a limited number at a time. */
export type PasswordHasher = Awaited<ReturnType<typeof createPasswordHasher>>;

/**
 * Hashes off the event loop, `atOnce` at a time. More would only compete for the same cores and
 * slow down the pages. A dummy hash is created here, because an unknown person must cost exactly
 * what a known one does. `runInSlot` shares the cores with the other processes of this machine.
 */
export async function createPasswordHasher(atOnce: number, runInSlot: SlotRunner = (work) => work()) {
  const slots = new PQueue({ concurrency: atOnce });
  const dummy = await hash('nobody has this password', parameters);
  return {
    /** True when more passwords wait than can be processed in a few seconds. */
    get saturated(): boolean {
      return slots.size >= atOnce * waitingPerSlot;
    },
    /** Passwords that wait for a free slot. */
    get waiting(): number {
      return slots.size;
    },
    hash: (password: string): Promise<string> => slots.add(() => runInSlot(() => hash(password, parameters))),
    /** Without a hash on file, the same work is done with the dummy hash. */
    async verify(stored: string | undefined, password: string): Promise<boolean> {
      const right = await slots.add(() => runInSlot(() => verify(stored ?? dummy, password)));
      return right && stored !== undefined;
    },
    /** True when the hash was made with weaker parameters than today's. */
    outdated: (stored: string): boolean => !stored.startsWith(current),
  };
}
