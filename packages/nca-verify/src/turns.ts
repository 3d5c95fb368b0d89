/**
 * A queue with one line for each key, served in turn. A key with many tasks delays a key with one
 * task by one task at most. Tasks without a key share one line.
 */
export class TurnQueue<Task> {
  /** The first line is served next. A line that was served goes to the end. */
  readonly #lines = new Map<string | undefined, Task[]>();
  #length = 0;

  get length(): number {
    return this.#length;
  }

  lengthOf(key: string | undefined): number {
    return this.#lines.get(key)?.length ?? 0;
  }

  push(key: string | undefined, task: Task): void {
    const line = this.#lines.get(key);
    if (line === undefined) this.#lines.set(key, [task]);
    else line.push(task);
    this.#length++;
  }

  shift(): Task | undefined {
    for (const [key, line] of this.#lines) {
      const task = line.shift();
      this.#lines.delete(key);
      if (line.length > 0) this.#lines.set(key, line);
      this.#length--;
      return task;
    }
    return undefined;
  }

  /** Removes and returns every task. */
  empty(): readonly Task[] {
    const tasks = [...this.#lines.values()].flat();
    this.#lines.clear();
    this.#length = 0;
    return tasks;
  }
}
