import type { Command } from 'commander';
import { messageId } from '../features/notices/deliver-message.ts';
import { listDeadMessages, retryMessages, showMessage } from '../features/notices/message-store.ts';
import { createKeys } from '../platform/keys.ts';
import { nonEmpty, readCount } from './arguments.ts';
import { CommandFailure } from './failure.ts';
import { print } from './printable.ts';
import { withDatabase } from './terminal.ts';

/** `kabinet messages`: SMS and e-mails that could not be sent. */
export function messageCommands(program: Command): void {
  const messages = program
    .command('messages')
    .description('SMS and e-mails that could not be sent. A code is never shown: it is stored nowhere');

  messages
    .command('list')
    .description('print the dead letters, the newest first, with nothing of the people they were for')
    .option('--most <number>', 'how many', readCount, 100)
    .action(async ({ most }: { most: number }) => {
      await withDatabase(async ({ database }) => {
        for (const { id, kind, channel, error, attempts, queuedAt, deadAt } of await listDeadMessages(
          database,
          most,
        )) {
          const times = `queued ${queuedAt.toISOString()}  given up ${deadAt.toISOString()}`;
          print(`${id}  ${channel}  ${kind}  ${error}  ${attempts} attempts  ${times}\n`);
        }
      });
    });

  messages
    .command('show <id>')
    .description("print one message's recipient and fate; the look is noted in that person's history")
    .requiredOption('--reason <text>', 'why it is looked at; the person sees it', nonEmpty)
    .action(async (text: string, { reason }: { reason: string }) => {
      const id = readCount(text);
      await withDatabase(async ({ database, config }) => {
        const shown = await showMessage(database, id, messageId(createKeys(config.secretKeys), id), reason);
        if (!shown) throw new CommandFailure('there is no such message');
        print(`${JSON.stringify(shown, null, 2)}\n`);
      });
    });

  messages
    .command('retry [ids...]')
    .description("send dead notices again; noted in their people's histories. A code is not: it has expired")
    .option('--all', 'every dead notice')
    .requiredOption('--reason <text>', 'why; the person sees it', nonEmpty)
    .action(async (texts: string[], { all, reason }: { all?: true; reason: string }) => {
      if (texts.length > 0 === (all === true)) throw new CommandFailure('name the messages, or say --all');
      const ids = all ? undefined : texts.map(readCount);
      await withDatabase(async ({ database }) => {
        const retried = await retryMessages(database, ids, reason);
        const left = ids?.filter((id) => !retried.includes(id)) ?? [];
        if (left.length > 0)
          throw new CommandFailure(`${retried.length} put back; no dead notice: ${left.join(', ')}`);
        print(`${retried.length} put back\n`);
      });
    });
}
