import { paths } from '../../paths.ts';
import type { Texts } from '../../texts/kk.ts';
import { fill } from '../../texts/texts.ts';
import { Button } from '../../ui/buttons.tsx';
import { Card } from '../../ui/card.tsx';
import { Checkbox } from '../../ui/checkbox.tsx';
import { Columns } from '../../ui/columns.tsx';
import { Field, type FieldProps } from '../../ui/field.tsx';
import { HelpLink } from '../../ui/help-link.tsx';
import type { AddressHelp } from './address-help.ts';
import { BlockNotices, type BlockProps, fieldProps, fieldsOf } from './field-block.tsx';
import type { FieldName } from './fields/fields.ts';

interface AddressBlockProps {
  readonly form: BlockProps;
  readonly kazpost: boolean;
  readonly help: AddressHelp;
}

/** Shows the address with the lines offered for it. Short fields are side by side below. */
export function AddressBlock({ form, kazpost, help }: AddressBlockProps) {
  const { t } = form;
  const more: Partial<Record<FieldName, Partial<FieldProps>>> = {
    address: { suggest: suggestions(t) },
    postcode: { hint: help.elsewhere ? t.requisites.postcodeElsewhere : '' },
  };
  const shown = fieldsOf('address').map((field) => ({
    isShort: field.input.width === 'short',
    field: <Field key={field.name} {...fieldProps(form, field)} {...more[field.name]} />,
  }));
  return (
    <Card id="address-block" heading={t.requisites.address} number={2}>
      <Checkbox id="kazpost" label={t.requisites.kazpost} checked={kazpost} look="switch" />
      {shown.filter(({ isShort }) => !isShort).map(({ field }) => field)}
      <OfferedAddresses t={t} help={help} />
      <Columns split="fit">{shown.filter(({ isShort }) => isShort).map(({ field }) => field)}</Columns>
      <BlockNotices t={t} block="address" />
      <HelpLink t={t} topic="address" />
    </Card>
  );
}

/** What the script needs to offer lines under the address. */
function suggestions(t: Texts): NonNullable<FieldProps['suggest']> {
  return {
    from: paths.suggestAddresses,
    postcodeField: 'postcode',
    compareFrom: paths.suggestByPostcode,
    words: {
      one: t.requisites.offeredOne,
      many: t.requisites.offeredMany,
      of: t.requisites.offeredOf,
      none: t.requisites.nothingFound,
      writeOn: t.requisites.writeOn,
      searching: t.requisites.searching,
      degraded: t.requisites.kazpostDown,
      elsewhere: t.requisites.postcodeElsewhere,
    },
  };
}

/** What the search found, in words. They take the focus, which also brings them onto the screen. */
function searchAnswer(t: Texts, { switchedOff, degraded, offered, writeOn }: AddressHelp): string {
  const count = offered?.length;
  if (count === 0 && writeOn) return t.requisites.writeOn;
  return [
    ...(switchedOff ? [t.requisites.kazpostOff] : []),
    ...(degraded ? [t.requisites.kazpostDown] : []),
    ...(count === undefined ? [] : [foundText(t, count)]),
  ].join(' ');
}

function foundText(t: Texts, count: number): string {
  if (count === 0) return t.requisites.nothingFound;
  return fill(count === 1 ? t.requisites.offeredOne : t.requisites.offeredMany, { count });
}

/**
 * For browsers without a script: a button that searches, and the results as buttons. The script
 * hides this and offers a list.
 */
function OfferedAddresses({ t, help }: { t: Texts; help: AddressHelp }) {
  const answer = searchAnswer(t, help);
  return (
    <div id="address-search" data-without-script>
      {answer !== '' && (
        <p role="alert" tabindex={-1} autofocus>
          {answer}
        </p>
      )}
      {help.offered && help.offered.length > 0 && (
        <ul class="offered">
          {help.offered.map(({ text, postcode }) => (
            <li key={text}>
              <Button
                kind="tertiary"
                name="choose"
                value={`${postcode ?? ''} ${text}`}
                formAction={paths.searchAddresses}
              >
                {postcode === null ? text : `${text}, ${postcode}`}
              </Button>
            </li>
          ))}
        </ul>
      )}
      <Button kind="secondary" formAction={paths.searchAddresses}>
        {t.requisites.addressSearch}
      </Button>
    </div>
  );
}
