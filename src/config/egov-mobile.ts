import type { EgovMobileSettings } from '../features/egov-mobile/settings.ts';
import type { Values } from './settings.ts';

/** A demonstration introduces itself by invented names. */
export function egovMobileOf(values: Values, demo: boolean): EgovMobileSettings {
  const { EGOV_MOBILE_HOST: host } = values;
  return {
    service:
      host === undefined && !demo
        ? undefined
        : {
            host,
            names: {
              kk: values.EGOV_MOBILE_NAME_KK ?? '«БЖЗҚ» АҚ',
              ru: values.EGOV_MOBILE_NAME_RU ?? 'АО «ЕНПФ»',
              en: values.EGOV_MOBILE_NAME_EN ?? 'UAPF JSC',
            },
            bin: values.EGOV_MOBILE_BIN ?? '000000000000',
          },
    link: values.EGOV_MOBILE_LINK ?? '',
    returns: values.EGOV_MOBILE_RETURN ?? 'restricted',
  };
}
