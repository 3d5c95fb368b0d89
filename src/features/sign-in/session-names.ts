import { displayed } from '../../values/displayed.ts';

/** `Айгерім Сапарова` becomes `Айгерім С.` */
export function shortName({ surname, name }: { readonly surname: string; readonly name: string }): string {
  const [family, given] = [displayed(surname), displayed(name)];
  // Some people have one name, and the fund may store it in either field.
  if (given === '') return family || '—';
  const initial = [...family][0];
  return initial === undefined ? given : `${given} ${initial.toUpperCase()}.`;
}

const browsers: readonly [RegExp, string][] = [
  [/\bEdgA?\//, 'Edge'],
  [/\bOPR\//, 'Opera'],
  [/\bYaBrowser\//, 'Yandex'],
  [/\bSamsungBrowser\//, 'Samsung Internet'],
  [/\bFirefox\//, 'Firefox'],
  [/Chrome\//, 'Chrome'],
  [/\bSafari\//, 'Safari'],
];
const systems: readonly [RegExp, string][] = [
  [/\bAndroid\b/, 'Android'],
  [/\biPhone\b|\biPad\b/, 'iOS'],
  [/\bWindows\b/, 'Windows'],
  [/\bMac OS X\b/, 'macOS'],
  [/\bLinux\b/, 'Linux'],
];

/**
 * The browser and system from a User-Agent, in a few words that a person recognises: `Chrome ·
 * Android`.
 */
export function deviceName(userAgent: string): string {
  const first = (known: readonly [RegExp, string][]) =>
    known.find(([pattern]) => pattern.test(userAgent))?.[1];
  return [first(browsers), first(systems)].filter((part) => part !== undefined).join(' · ') || '—';
}

/** A network in few signs: `178.90.12.*`, `2a00:1370:8190:*`. */
export function networkName(network: string): string {
  return network.replace(/\.0\/24$/, '.*').replace(/::\/48$/, ':*');
}
