/** Reads members of an answer by exact name and type, as the app's classes do. */
import { AppRefusal, type AppRefusalReason } from './refusal.ts';

/** An object of an answer, with the path that a message names. */
export class Members {
  readonly #value: Readonly<Record<string, unknown>>;
  readonly #path: string;
  readonly #reason: AppRefusalReason;

  constructor(value: unknown, path: string, reason: AppRefusalReason) {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw new AppRefusal(reason, `${path} is no object`);
    const none = Object.entries(value).find(([, one]) => one === null);
    if (none) throw new AppRefusal(reason, `${path}.${none[0]} is null`);
    this.#value = value as Record<string, unknown>;
    this.#path = path;
    this.#reason = reason;
  }

  has(name: string): boolean {
    return Object.hasOwn(this.#value, name);
  }

  text(name: string): string {
    const value = this.#value[name];
    if (typeof value !== 'string') throw this.wrong(name, 'is no text');
    return value;
  }

  integer(name: string): number {
    const value = this.#value[name];
    if (typeof value !== 'number' || !Number.isInteger(value)) throw this.wrong(name, 'is no integer');
    return value;
  }

  object(name: string): Members {
    return new Members(this.#value[name], `${this.#path}.${name}`, this.#reason);
  }

  list(name: string): readonly Members[] {
    const value = this.#value[name];
    if (!Array.isArray(value)) throw this.wrong(name, 'is no list');
    return value.map((one, index) => new Members(one, `${this.#path}.${name}[${index}]`, this.#reason));
  }

  wrong(name: string, why: string): AppRefusal {
    return new AppRefusal(this.#reason, `${this.#path}.${name} ${why}`);
  }
}
