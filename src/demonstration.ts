import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import type { PhoneCodeDeps } from './features/egov-mobile/common-routes.ts';
import type { Channel } from './features/notices/channel.ts';
import { createInboxSender, inboxPath } from './features/notices/inbox.ts';
import type { MessageSender } from './features/notices/sender.ts';
import type { SendPage } from './platform/http/page.tsx';
import type { Database } from './platform/postgres/database.ts';
import { root } from './platform/root.ts';

/**
 * The parts that only a demonstration has. A production build contains `no-demonstration.ts`
 * instead.
 */
export interface Demonstration {
  /** Replaces a gateway that is not configured. */
  sender(database: Database, channel: Channel): MessageSender;
  /**
   * The inbox, where anybody can read everybody's messages, and the code for the double of the
   * phone.
   */
  serve(
    server: FastifyInstance,
    deps: PhoneCodeDeps & { database: Database; sendPage: SendPage },
  ): Promise<void>;
  /** The people who can sign in, with their passwords. */
  readonly peopleFile: string;
  /** The lines that the terminal shows after the start. */
  greeting(url: string): readonly string[];
}

/** The demonstration people, shipped with the service. */
const peopleFile = join(root, 'data/demo-people.jsonl');

export const demonstration: Demonstration | undefined = {
  peopleFile,
  sender: createInboxSender,
  async serve(server, deps) {
    (await import('./features/notices/routes.ts')).inboxRoutes(server, deps);
    (await import('./features/egov-mobile/demo-routes.ts')).demoPhoneRoutes(server, deps);
  },
  greeting(url) {
    const people = readFileSync(peopleFile, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<'iin' | 'password' | 'surname' | 'name', string>);
    const width = Math.max(...people.map((person) => person.password.length));
    return [
      `SMS and e-mail without a gateway of their own are kept at ${url}${inboxPath}`,
      '',
      'Demonstration people (invented), all data under VAR_DIR:',
      '',
      `  ${'IIN'.padEnd(12)}  ${'password'.padEnd(width)}  name`,
      ...people.map(
        ({ iin, password, surname, name }) => `  ${iin}  ${password.padEnd(width)}  ${surname} ${name}`,
      ),
      '',
      'Their EDS keys: run `npm run agent` beside this; for eGov Mobile, `npm run phone -- --auto 900101300007`',
    ];
  },
};
