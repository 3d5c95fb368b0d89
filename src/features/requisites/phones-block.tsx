import { Card } from '../../ui/card.tsx';
import { Columns } from '../../ui/columns.tsx';
import { Field } from '../../ui/field.tsx';
import { HelpLink } from '../../ui/help-link.tsx';
import { BlockNotices, type BlockProps, fieldProps, fieldsOf } from './field-block.tsx';

/** The telephone numbers. */
export function PhonesBlock({ form }: { readonly form: BlockProps }) {
  const { t } = form;
  return (
    <Card id="phones-block" heading={t.requisites.phones} number={3}>
      <Columns split="three">
        {fieldsOf('phones').map((field) => (
          <Field key={field.name} {...fieldProps(form, field)} />
        ))}
      </Columns>
      <BlockNotices t={t} block="phones" />
      <HelpLink t={t} topic="phones" />
    </Card>
  );
}
