import { paths, receiptPath } from '../../paths.ts';
import { formatDay, formatMoment } from '../../texts/dates.ts';
import type { Texts } from '../../texts/kk.ts';
import { fill } from '../../texts/texts.ts';
import { Alert } from '../../ui/alert.tsx';
import { Button, ButtonLink, ButtonRow } from '../../ui/buttons.tsx';
import { Card } from '../../ui/card.tsx';
import { Form } from '../../ui/form.tsx';
import { Icon, type IconName } from '../../ui/icon.tsx';
import { RestrictedAlert } from '../../ui/restricted-alert.tsx';
import { WhoIAm } from '../../ui/who-i-am.tsx';
import { maskIin } from '../../values/iin.ts';
import type { Language } from '../../values/language.ts';
import { maskOnFile } from '../contact-change/contact.ts';
import type { ContactChannel } from '../reachability/store.ts';
import type { NearEnds } from '../reminders/follow-ends.ts';
import type { StepAdvice } from '../second-step/store.ts';
import { cannotSave } from './documents.ts';
import { Ends } from './ends.tsx';
import { showValue } from './fields/fields.ts';
import { holderName } from './holder-name.ts';
import { StillRight } from './still-right.tsx';
import type { RequisitesView } from './view.ts';

export interface ServicesPageProps {
  readonly t: Texts;
  readonly language: Language;
  readonly iin: string;
  /** The name when the fund cannot give the full one. */
  readonly shortName: string;
  /** Undefined at a first visit while the fund does not answer. */
  readonly view: RequisitesView | undefined;
  readonly csrf: string;
  /** The session only reads. */
  readonly restricted: boolean;
  /** What the holder may be advised to do about their sign-in. */
  readonly advice: StepAdvice | undefined;
  /** A change waits for its codes. */
  readonly pending: boolean;
  /** The channels that are marked, when it is asked whether everything is right. Undefined: it is not asked. */
  readonly marks: readonly ContactChannel[] | undefined;
  /** When the holder last said that everything is right. */
  readonly confirmedAt: Date | undefined;
  /** They have just said so. */
  readonly justConfirmed: boolean;
  /** What ends soon. */
  readonly ends: NearEnds;
  /** Until when something typed and not saved is kept. */
  readonly draftUntil: Date | undefined;
  /** How many sessions may be open, when the oldest one has just ended for that reason. */
  readonly oldestEnded: number | undefined;
}

/** The home of the cabinet: who I am, what waits for me, what is on file, and the service. */
export function ServicesPage(props: ServicesPageProps) {
  const { t, iin, view, oldestEnded } = props;
  return (
    <>
      {oldestEnded !== undefined && (
        <Alert kind="info" announced>
          <p>{fill(t.session.oldestEnded, { count: oldestEnded })}</p>
        </Alert>
      )}
      {props.justConfirmed && <Alert kind="success" title={t.stillRight.done} announced />}
      {props.restricted && <RestrictedAlert t={t} />}
      <h1 class="eyebrow">{t.services.title}</h1>
      <WhoIAm name={holderName(view?.person) ?? props.shortName} iin={maskIin(iin)} iinLabel={t.signIn.iin} />
      <Waiting {...props} />
      <Ends t={t} {...props.ends} noDocument={view !== undefined && cannotSave(view)} />
      {view && props.marks && (
        <StillRight
          t={t}
          csrf={props.csrf}
          revision={view.stored.revision}
          values={view.stored.values}
          marks={props.marks}
        />
      )}
      <Advice {...props} />
      <Card id="details-section" heading={t.requisites.heading}>
        <p class="description">{t.services.sectionTitle}</p>
        {view ? <OnFile {...props} view={view} /> : <p>{t.services.sectionLead}</p>}
        <div class="actions">
          <ButtonLink href={paths.requisites} kind="primary">
            {t.services.change}
          </ButtonLink>
          <p class="official">
            <a href={paths.requisites}>{t.services.tab}</a>
          </p>
        </div>
      </Card>
    </>
  );
}

/** What waits for the person: a change to confirm, something typed, a refusal. */
function Waiting({ t, language, view, pending, draftUntil }: ServicesPageProps) {
  const refused = view?.undelivered;
  return (
    <>
      {pending && (
        <Alert kind="warning" icon="waiting" title={t.requisites.pending}>
          <p>
            {t.requisites.pendingHelp} <a href={paths.confirmChange}>{t.requisites.pendingContinue}</a>
          </p>
        </Alert>
      )}
      {draftUntil && (
        <Alert kind="info" icon="waiting" title={t.services.draftWaits}>
          <p>
            {fill(t.requisites.draftHelp, { until: formatMoment(language, draftUntil) })}{' '}
            <a href={paths.requisites}>{t.services.draftOpen}</a>
          </p>
        </Alert>
      )}
      {refused && (
        <Alert kind="warning" title={t.requisites.undelivered}>
          <p>
            {t.receipt.refusals[refused.reason]}{' '}
            <a href={receiptPath(refused.number)}>{t.requisites.undeliveredReceipt}</a>
          </p>
        </Alert>
      )}
    </>
  );
}

/**
 * How to make the sign-in safer. A short password is named as long as it is one, and the suggestion
 * of a second step can be closed.
 */
function Advice({ t, csrf, advice }: ServicesPageProps) {
  if (advice?.passwordShort)
    return (
      <Alert kind="info">
        <p>
          {t.advice.passwordShort}. <a href={paths.changePassword}>{t.advice.longer}</a>
          {' · '}
          <a href={`${paths.security}#second-step`}>{t.advice.setUp}</a>
        </p>
      </Alert>
    );
  if (!advice?.suggestStep) return null;
  return (
    <Alert kind="info" title={t.advice.step}>
      <p>{t.advice.stepHelp}</p>
      <Form id="suggestion-form" action={paths.dismissSuggestion} csrf={csrf}>
        <ButtonRow>
          <ButtonLink href={`${paths.security}#second-step`}>{t.advice.setUp}</ButtonLink>
          <Button kind="tertiary">{t.advice.later}</Button>
        </ButtonRow>
      </Form>
    </Alert>
  );
}

/**
 * What is on file now. Mobile and e-mail are masked, because a home is looked at over shoulders.
 */
function OnFile({ t, language, view, confirmedAt }: ServicesPageProps & { readonly view: RequisitesView }) {
  const { values } = view.stored;
  const { mobilePhone, email } = values;
  const address = [
    showValue('address', values.address),
    values.apartment === null
      ? ''
      : fill(t.services.apartment, { number: showValue('apartment', values.apartment) }),
  ].filter((part) => part !== '');
  const facts: readonly (readonly [IconName, string, string | undefined])[] = [
    ['home', t.requisites.address, address.length === 0 ? undefined : address.join(', ')],
    ['mobile', t.requisites.mobilePhone, maskOnFile('mobile', mobilePhone)],
    ['mail', t.requisites.email, maskOnFile('email', email)],
    [
      'waiting',
      t.services.changed,
      view.changedAt === null ? t.services.neverChanged : formatDay(language, view.changedAt),
    ],
    ...(confirmedAt ? [['check', t.services.confirmed, formatDay(language, confirmedAt)] as const] : []),
  ];
  return (
    <dl class="on-file">
      {facts.map(([icon, term, value]) => (
        <div key={term}>
          <dt>
            <span class="tile">
              <Icon name={icon} />
            </span>
            {term}
          </dt>
          <dd class={value === undefined ? 'empty' : undefined}>{value ?? t.requisites.notSpecified}</dd>
        </div>
      ))}
    </dl>
  );
}
