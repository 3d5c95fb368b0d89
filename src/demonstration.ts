import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { inboxSender, inboxStore } from './features/notices/inbox.ts';
import type { Channel, MessageSender } from './features/notices/ports.ts';
import { inboxRoutes } from './features/notices/routes.ts';
import type { SendPage } from './platform/http/page.tsx';
import type { Database } from './platform/postgres/database.ts';
import { root } from './platform/root.ts';

/** What only a demonstration has. A production build holds `no-demonstration.ts` in its place. */
export interface Demonstration {
  /** Stands in for a gateway that is not configured. */
  sender(database: Database, channel: Channel): MessageSender;
  /** The inbox: everybody's messages for everybody to read. */
  serve(server: FastifyInstance, parts: { database: Database; sendPage: SendPage }): void;
  /** People to sign in as, with their passwords. */
  readonly peopleFile: string;
  /** What the terminal tells after the start. */
  greeting(url: string): readonly string[];
}

/** The demonstration people, shipped with the service. */
const peopleFile = join(root, 'data/demo-people.jsonl');

export const demonstration: Demonstration | undefined = {
  peopleFile,
  sender: inboxSender,
  serve: (server, { database, sendPage }) => inboxRoutes(server, { store: inboxStore(database), sendPage }),
  greeting(url) {
    const people = readFileSync(peopleFile, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<'iin' | 'password' | 'surname' | 'name', string>);
    const width = Math.max(...people.map((person) => person.password.length));
    return [
      `SMS and e-mail without a gateway of their own are kept at ${url}/demo/inbox`,
      '',
      'Demonstration people (invented), all data under VAR_DIR:',
      '',
      `  ${'IIN'.padEnd(12)}  ${'password'.padEnd(width)}  name`,
      ...people.map(
        ({ iin, password, surname, name }) => `  ${iin}  ${password.padEnd(width)}  ${surname} ${name}`,
      ),
      '',
      'Their EDS keys: run `npm run agent` beside this',
    ];
  },
};
