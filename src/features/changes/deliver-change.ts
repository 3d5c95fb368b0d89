import { FundUnavailable } from '../../fund/errors.ts';
import type { ChangeForFund, Fund, FundAnswer } from '../../fund/port.ts';
import { randomName } from '../../platform/keys.ts';
import type { OutboxMessage } from '../../platform/outbox/message.ts';
import { Undeliverable } from '../../platform/outbox/undeliverable.ts';
import type { Iin } from '../../values/iin.ts';
import type { FieldName, Requisites } from '../requisites/fields/fields.ts';
import { type TakeOverDeps, takeOver } from '../requisites/take-over.ts';

export interface DeliverChangeDeps extends TakeOverDeps {
  readonly fund: Fund;
}

/** What `save` writes into the outbox. Versions before this one wrote only the first two fields. */
interface Payload {
  readonly iin: Iin;
  readonly fields: Partial<Requisites>;
  readonly expectedVersion?: number;
  readonly madeAt?: string;
}

/** The version that a message without `expectedVersion` expects: any. */
const anyVersion = 2_147_483_647;

/**
 * Hands a saved change to the fund. From the second attempt on, it first asks the fund about the
 * change, because an earlier answer may have been lost. When a branch has changed requisites in the
 * meantime and the fields differ, the change is sent once more. When both changed the same field,
 * the branch's value stays and the person decides. Throws `Undeliverable` with the reason when
 * another attempt cannot help.
 */
export async function deliverChange(deps: DeliverChangeDeps, message: OutboxMessage): Promise<void> {
  const change = changeOf(message);
  const known =
    message.attempt > 1 ? await deps.fund.findChange(change.changeId, change.requestId) : undefined;
  // The fund refused it before and an operator has put it back, so the fund may accept it now.
  const settled = known && known.kind !== 'refused' ? known : undefined;
  const answer = settled ?? (await deps.fund.apply(change));
  conclude(answer.kind === 'changed-elsewhere' ? await applyUponBranch(deps, message, change) : answer);
}

/**
 * Hands over saved changes in one step, where the fund can take them so. Only first attempts: for
 * any other, the fund is asked before.
 */
export async function deliverTogether(
  { fund }: Pick<DeliverChangeDeps, 'fund'>,
  messages: readonly OutboxMessage[],
): Promise<readonly OutboxMessage[]> {
  const first = messages.filter(({ attempt, changeId }) => attempt === 1 && changeId !== null);
  if (!fund.applyTogether || first.length === 0) return [];
  const applied = await fund.applyTogether(first.map(changeOf));
  return first.filter(({ changeId }) => changeId !== null && applied.has(changeId));
}

function conclude(answer: FundAnswer): void {
  switch (answer.kind) {
    case 'applied':
      return;
    case 'refused':
      throw new Undeliverable(answer.reason);
    case 'received':
      throw new FundUnavailable('FUND_RECEIVED');
    case 'changed-elsewhere':
      throw new FundUnavailable('FUND_CHANGED_AGAIN');
    case 'out-of-order':
      throw new Undeliverable(answer.kind);
  }
}

/**
 * Takes over what the branch changed. Then applies the change on top, unless both set the same
 * field to different values.
 */
async function applyUponBranch(
  deps: DeliverChangeDeps,
  message: OutboxMessage,
  change: ChangeForFund,
): Promise<FundAnswer> {
  const { fund } = deps;
  const person = await fund.read(change.iin, change.expectedVersion, change.requestId);
  if (!person) return { kind: 'refused', reason: 'unknown-holder' };
  await takeOver(deps, message.holderId, person, randomName(10));
  const atBranch: Partial<Requisites> = Object.assign(
    {},
    ...person.changesElsewhere.map(({ fields }) => fields),
  );
  const contested = (Object.keys(change.fields) as FieldName[]).some(
    (field) => atBranch[field] !== undefined && atBranch[field] !== change.fields[field],
  );
  if (contested) throw new Undeliverable('changed-elsewhere');
  return fund.apply({ ...change, expectedVersion: person.elsewhereVersion });
}

function changeOf({ changeId, outboxId, payload, ageSeconds, requestId }: OutboxMessage): ChangeForFund {
  if (changeId === null) throw new Error('a message for the fund names no change');
  const { iin, fields, expectedVersion = anyVersion, madeAt } = payload as Payload;
  return {
    changeId,
    iin,
    fields,
    // Assigned under the lock of the holder's row, so it rises with each of their changes.
    sequence: outboxId,
    expectedVersion,
    ...(requestId === null ? {} : { requestId }),
    madeAt: madeAt === undefined ? new Date(Date.now() - ageSeconds * 1_000) : new Date(madeAt),
  };
}
