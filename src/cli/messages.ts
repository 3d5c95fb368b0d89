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
    .description(
      'SMS and e-mails that could not be sent. Codes are never shown, because they are not stored',
    );

  messages
    .command('list')
    .description('print undeliverable messages (dead letters), newest first, without personal data')
    .option('--most <number>', 'how many to print', readCount, 100)
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
    .description(
      "print the recipient of a message and what became of it. The person's history records that you looked",
    )
    .requiredOption('--reason <text>', 'why you look; the person can read it', nonEmpty)
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
    .description(
      "send undeliverable notices again. Recorded in each person's history. Codes are not sent again: they have expired",
    )
    .option('--all', 'all undeliverable notices')
    .requiredOption('--reason <text>', 'why you do this; the person can read it', nonEmpty)
    .addHelpText('after', '\nExample:\n  $ kabinet messages retry 17 18 --reason "the gateway was down"')
    .action(async (texts: string[], { all, reason }: { all?: true; reason: string }) => {
      if (texts.length > 0 === (all === true)) throw new CommandFailure('give the ids of messages, or --all');
      const ids = all ? undefined : texts.map(readCount);
      await withDatabase(async ({ database }) => {
        const retried = await retryMessages(database, ids, reason);
        const left = ids?.filter((id) => !retried.includes(id)) ?? [];
        if (left.length > 0)
          throw new CommandFailure(`${retried.length} put back; not a given-up notice: ${left.join(', ')}`);
        print(`${retried.length} put back\n`);
      });
    });
}
