import { paths } from '../paths.ts';
import { type Language, languages } from '../values/language.ts';

const names: Record<Language, string> = { kk: 'ҚАЗ', ru: 'РУС', en: 'ENG' };

export interface LanguageSwitchProps {
  /** The language of this page. */
  language: Language;
  /** The name of the three buttons for a screen reader: "Тіл". */
  label: string;
  /**
   * The id of the page's form. The buttons then send what was typed in it to `/language`. Without a
   * form they have their own.
   */
  formId?: string | undefined;
  /** The token of the switch's own form. */
  csrf: string;
}

/**
 * ҚАЗ · РУС · ENG as submit buttons. A POST keeps what was typed, and no address contains a
 * language.
 */
export function LanguageSwitch({ language, label, formId, csrf }: LanguageSwitchProps) {
  const buttons = languages.map((one) => (
    <button
      type="submit"
      key={one}
      name="language"
      value={one}
      lang={one}
      aria-current={one === language ? 'true' : undefined}
      form={formId}
      formaction={formId === undefined ? undefined : paths.language}
      formnovalidate={formId !== undefined}
    >
      {names[one]}
    </button>
  ));
  if (formId !== undefined) {
    return (
      // biome-ignore lint/a11y/useSemanticElements: a fieldset would belong to no form here
      <div class="languages" role="group" aria-label={label}>
        {buttons}
      </div>
    );
  }
  return (
    <form class="languages" method="post" action={paths.language} aria-label={label}>
      <input type="hidden" name="csrf" value={csrf} />
      {buttons}
    </form>
  );
}
