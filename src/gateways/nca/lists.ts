import type { Crl, LoadedCrl } from 'nca-verify';
import type { LookAtFolder, SeenFile } from './folder.ts';

/** Reads a list from a file and verifies it by the certificates trusted now. */
export interface ListReader {
  readonly loadCrl: (path: string) => Promise<LoadedCrl>;
}

export interface RevocationLists {
  /**
   * The lists that count at a time: for each issuer the newest full one, and the deltas that may
   * belong to it.
   */
  current(reader: ListReader, at: Date): Promise<readonly Crl[]>;
}

/** What is known of a file. */
interface Known {
  readonly mark: string;
  /** What the file says of itself; undefined when it never could be read. */
  readonly facts: Facts | undefined;
  /** The list itself, while it counts: one of the authority's takes 32 MB. */
  crl: Crl | undefined;
}

type Facts = Pick<Crl, 'issuer' | 'baseNumber' | 'thisUpdate' | 'nextUpdate'>;

/**
 * How far the clocks may differ, milliseconds: more than the verifier allows, so that it judges and
 * not we.
 */
const skew = 10 * 60_000;

/**
 * Follows a folder of lists. A changed file that cannot be read leaves the list that was read from
 * it before; its age is judged when it is used. Lists that are replaced, removed or over are let
 * go.
 */
export function followLists(look: LookAtFolder, onFailure: (reason: string) => void): RevocationLists {
  let known = new Map<string, Known>();
  let readBy: ListReader | undefined;
  let previous: Promise<unknown> = Promise.resolve();

  const load = async (
    reader: ListReader,
    { path, mark }: SeenFile,
    former: Known | undefined,
  ): Promise<Known> => {
    const loaded = await reader.loadCrl(path);
    if (!loaded.ok) {
      onFailure(loaded.reason);
      // With nothing left in memory the file is not asked again until it changes.
      return { mark, facts: former?.crl && former.facts, crl: former?.crl };
    }
    const { issuer, baseNumber, thisUpdate, nextUpdate } = loaded.crl;
    return { mark, facts: { issuer, baseNumber, thisUpdate, nextUpdate }, crl: loaded.crl };
  };

  /** One file after another: many at once would hold as many lists, and take as many threads. */
  const follow = async (reader: ListReader, at: Date): Promise<readonly Crl[]> => {
    if (readBy !== reader) known = new Map();
    readBy = reader;
    const files = await look();
    const here = new Set(files.map(({ path }) => path));
    for (const path of known.keys()) if (!here.has(path)) known.delete(path);
    for (const file of files) {
      const former = known.get(file.path);
      if (former?.mark === file.mark) continue;
      known.set(file.path, await load(reader, file, former));
      letGo(known, at);
    }
    const counting = letGo(known, at);
    for (const file of files) {
      const one = known.get(file.path);
      // Let go once and counting again, because the one that replaced it is gone.
      if (one && counting.has(one) && !one.crl) known.set(file.path, await load(reader, file, one));
    }
    return [...letGo(known, at)].flatMap(({ crl }) => crl ?? []);
  };

  return {
    async current(reader, at) {
      // A change is read once, whoever comes first; a thread that fails is tried again by the next.
      const mine = previous.then(() => follow(reader, at));
      previous = mine.catch(() => undefined);
      return mine;
    },
  };
}

/** Lets go of the lists that do not count at a time, and gives those that do. */
function letGo(known: ReadonlyMap<string, Known>, at: Date): ReadonlySet<Known> {
  const counting = countingAt([...known.values()], at.getTime());
  for (const one of known.values()) if (!counting.has(one)) one.crl = undefined;
  return counting;
}

/**
 * Deltas that are not over, full lists not yet in force, and of those in force the newest of each
 * issuer.
 */
function countingAt(all: readonly Known[], at: number): ReadonlySet<Known> {
  const counting = new Set<Known>();
  const newest = new Map<string, { readonly one: Known; readonly thisUpdate: number }>();
  for (const one of all) {
    if (!one.facts || one.facts.nextUpdate + skew < at) continue;
    const { issuer, baseNumber, thisUpdate } = one.facts;
    if (baseNumber !== null || thisUpdate > at) counting.add(one);
    else if ((newest.get(issuer)?.thisUpdate ?? Number.NEGATIVE_INFINITY) < thisUpdate)
      newest.set(issuer, { one, thisUpdate });
  }
  for (const { one } of newest.values()) counting.add(one);
  return counting;
}
