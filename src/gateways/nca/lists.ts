import type { Crl, LoadedCrl } from 'nca-verify';
import type { LookAtFolder, SeenFile } from './folder.ts';

/** Reads a list from a file and verifies it by the certificates trusted now. */
export interface ListReader {
  readonly loadCrl: (path: string) => Promise<LoadedCrl>;
}

export interface RevocationLists {
  /**
   * The lists to use at a time: the newest full list of each issuer, and the deltas that may belong
   * to it.
   */
  current(reader: ListReader, at: Date): Promise<readonly Crl[]>;
}

/** What is known about a file. */
interface Known {
  readonly mark: string;
  /** The dates and issuer of the list; undefined when the file could never be read. */
  readonly facts: Facts | undefined;
  /** The list itself, while it is in use. One of the authority's lists takes 32 MB. */
  crl: Crl | undefined;
}

type Facts = Pick<Crl, 'issuer' | 'baseNumber' | 'thisUpdate' | 'nextUpdate'>;

/**
 * Tolerated difference of clocks, in milliseconds. It is more than the verifier allows, so that the
 * verifier decides.
 */
const skew = 10 * 60_000;

/**
 * Follows a folder of lists. When a changed file cannot be read, the list read from it before stays
 * in use; its age is checked at each use. Lists that are replaced, removed or expired are freed.
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
      // When nothing of it is in memory, the file is not read again until it changes.
      return { mark, facts: former?.crl && former.facts, crl: former?.crl };
    }
    const { issuer, baseNumber, thisUpdate, nextUpdate } = loaded.crl;
    return { mark, facts: { issuer, baseNumber, thisUpdate, nextUpdate }, crl: loaded.crl };
  };

  /** Read one file after another: reading many at once would hold as many lists and threads. */
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
      // A list that was freed is needed again, because the newer one was removed.
      if (one && counting.has(one) && !one.crl) known.set(file.path, await load(reader, file, one));
    }
    return [...letGo(known, at)].flatMap(({ crl }) => crl ?? []);
  };

  return {
    async current(reader, at) {
      // The first caller reads a change. If the thread fails, the next caller tries again.
      const mine = previous.then(() => follow(reader, at));
      previous = mine.catch(() => undefined);
      return mine;
    },
  };
}

/** Frees the lists that are not used at a time, and returns those that are. */
function letGo(known: ReadonlyMap<string, Known>, at: Date): ReadonlySet<Known> {
  const counting = countingAt([...known.values()], at.getTime());
  for (const one of known.values()) if (!counting.has(one)) one.crl = undefined;
  return counting;
}

/**
 * The deltas that have not expired, the full lists not yet in force, and the newest full list in
 * force of each issuer.
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
