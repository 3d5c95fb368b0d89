import { type HTMLElement, parse } from 'node-html-parser';
import type { VNode } from 'preact';
import { renderToString } from 'preact-render-to-string';
import { describe, expect, it } from 'vitest';
import { Checkbox } from './checkbox.tsx';
import { ErrorSummary } from './error-summary.tsx';
import { Field } from './field.tsx';
import { Form } from './form.tsx';
import { PasswordField } from './password-field.tsx';
import { RadioGroup } from './radio-group.tsx';

const hostile = `"><script>alert('1')</script>&amp;<img src=x onerror=1>`;

const words = { show: 'Show', hide: 'Hide' };
const options = [
  { value: 'a', label: 'A' },
  { value: 'b', label: 'B', description: 'more' },
];

/** Every field, created with the same id, description and error. */
const fields: Record<string, (description: string | undefined, error: string | undefined) => VNode> = {
  Field: (description, error) => <Field id="it" label="Label" value="v" {...{ description, error }} />,
  'Field with affixes': (description, error) => (
    <Field id="it" label="Label" value="v" {...{ description, error }} />
  ),
  PasswordField: (description, error) => (
    <PasswordField id="it" label="Label" autocomplete="current-password" {...{ words, description, error }} />
  ),
  Checkbox: (description, error) => <Checkbox id="it" label="Label" checked {...{ description, error }} />,
  RadioGroup: (description, error) => (
    <RadioGroup id="it" legend="Label" value="b" {...{ options, description, error }} />
  ),
};

describe.each(Object.entries(fields))('%s', (_, make) => {
  it('is found by its label and by the id to which an error summary links', () => {
    const page = shown(make(undefined, undefined));
    const control = one(page, '#it');
    expect(['INPUT', 'SELECT']).toContain(control.tagName);
    expect(control.getAttribute('name')).toBe('it');
    expect(one(page, 'label[for=it]').text).not.toBe('');
    expect(page.text).toContain('Label');
  });

  it('refers to its description and its error, and to nothing else', () => {
    const page = shown(make('help', 'wrong'));
    const ids = one(page, '[aria-describedby~=it-error]').getAttribute('aria-describedby')?.split(' ');
    expect(ids).toEqual(['it-description', 'it-error']);
    expect(one(page, '#it-description').text).toBe('help');
    expect(one(page, '#it-error').text).toBe('wrong');
    expect(one(page, '#it').getAttribute('aria-invalid')).toBe('true');

    const bare = shown(make(undefined, undefined)).toString();
    expect(bare).not.toContain('it-description');
    expect(bare).not.toContain('it-error');
    expect(bare).not.toContain('aria-invalid');
  });

  it('shows hostile words as text', () => {
    const page = shown(make(hostile, hostile));
    expect(page.querySelectorAll('script, img')).toEqual([]);
    expect(one(page, '#it-error').text).toBe(hostile);
    expect(one(page, '#it-description').text).toBe(hostile);
  });
});

describe('Field', () => {
  it('keeps a hostile value complete in its attribute', () => {
    const page = shown(<Field id="it" label={hostile} value={hostile} />);
    expect(page.querySelectorAll('script, img')).toEqual([]);
    expect(one(page, '#it').getAttribute('value')).toBe(hostile);
    expect(one(page, 'label').text).toBe(hostile);
  });
});

describe('PasswordField', () => {
  it('never contains a value, and hides the button until a script shows it', () => {
    const page = shown(<PasswordField id="it" label="L" autocomplete="new-password" words={words} />);
    expect(one(page, 'input').hasAttribute('value')).toBe(false);
    expect(one(page, 'button').hasAttribute('hidden')).toBe(true);
    expect(one(page, 'button').getAttribute('type')).toBe('button');
  });
});

describe('a choice', () => {
  it('marks only the chosen option', () => {
    const radios = shown(<RadioGroup id="it" legend="L" value="b" options={options} />);
    expect(radios.querySelectorAll('input[checked]').map((o) => o.id)).toEqual(['it-2']);
    expect(one(radios, '#it-2').getAttribute('aria-describedby')).toBe('it-2-more');
  });

  it('leaves nothing chosen when nothing was', () => {
    const radios = shown(<RadioGroup id="it" legend="L" value={undefined} options={options} />);
    expect(radios.querySelectorAll('input[checked]')).toEqual([]);
  });
});

describe('ErrorSummary', () => {
  it('links each error to its input', () => {
    const page = shown(
      <>
        <ErrorSummary
          title="Fix"
          errors={[
            { fieldId: 'address', text: 'Latin letter' },
            { fieldId: 'document', text: 'Choose' },
            { fieldId: undefined, text: 'As a whole' },
          ]}
        />
        <Field id="address" label="Address" value="" error="Latin letter" />
        <RadioGroup id="document" legend="Document" value={undefined} options={options} error="Choose" />
      </>,
    );
    const targets = page.querySelectorAll('#error-summary a').map((a) => a.getAttribute('href'));
    expect(targets).toEqual(['#address', '#document']);
    for (const target of targets) expect(one(page, target ?? '').tagName).toBe('INPUT');
    expect(one(page, '#error-summary').text).toContain('As a whole');
  });

  it('takes the focus and is announced', () => {
    const summary = one(
      shown(<ErrorSummary title="Fix" errors={[{ fieldId: 'a', text: 'b' }]} />),
      '[role=alert]',
    );
    expect(summary.getAttribute('tabindex')).toBe('-1');
    expect(summary.hasAttribute('autofocus')).toBe(true);
  });

  it('is absent without errors', () => {
    expect(renderToString(<ErrorSummary title="Fix" errors={[]} />)).toBe('');
  });

  it('has advice of its own when its title says what is wrong', () => {
    const page = shown(
      <ErrorSummary title="Wrong password" errors={[]}>
        <p>Check it.</p>
      </ErrorSummary>,
    );
    expect(one(page, '#error-summary').text).toBe('Wrong passwordCheck it.');
    expect(page.querySelectorAll('#error-summary ul')).toEqual([]);
  });
});

describe('Form', () => {
  it('contains its token and hidden fields, escaped', () => {
    const form = one(
      shown(<Form action="/a?b=1&c=2" csrf={hostile} hidden={{ page: hostile }} children="" />),
      'form',
    );
    expect(form.getAttribute('action')).toBe('/a?b=1&c=2');
    expect(form.getAttribute('method')).toBe('post');
    expect(one(form, '[name=csrf]').getAttribute('value')).toBe(hostile);
    expect(one(form, '[name=page]').getAttribute('value')).toBe(hostile);
    expect(form.querySelectorAll('script, img')).toEqual([]);
  });
});

function shown(node: VNode): HTMLElement {
  return parse(renderToString(node));
}

function one(within: HTMLElement, selector: string): HTMLElement {
  const [found, ...more] = within.querySelectorAll(selector);
  if (found === undefined || more.length > 0)
    throw new Error(`${selector}: ${found ? more.length + 1 : 0} found`);
  return found;
}
