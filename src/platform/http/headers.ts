import type { HttpSettings } from './settings.ts';

/** What a page may load: only from this service, nothing inline. No other page may frame it. */
export const contentPolicy = {
  'default-src': ["'none'"],
  'script-src': ["'self'"],
  'style-src': ["'self'"],
  'img-src': ["'self'"],
  // NCALayer, the signing program on the person's own computer.
  'connect-src': ["'self'", 'wss://127.0.0.1:13579'],
  'form-action': ["'self'"],
  'frame-ancestors': ["'none'"],
  'base-uri': ["'none'"],
  'require-trusted-types-for': ["'script'"],
};

export const transportSecurity = 'max-age=31536000; includeSubDomains';

/** The protecting headers, for a page that bypasses the hooks. */
export function bareHeaders(settings: HttpSettings): Record<string, string> {
  const policy = Object.entries(contentPolicy).map(([name, values]) => `${name} ${values.join(' ')}`);
  return {
    'content-security-policy': policy.join(';'),
    'cross-origin-opener-policy': 'same-origin',
    'referrer-policy': 'same-origin',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    ...(settings.publicUrl?.protocol === 'https:' ? { 'strict-transport-security': transportSecurity } : {}),
  };
}
