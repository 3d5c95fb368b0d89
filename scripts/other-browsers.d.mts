/** The path of Firefox, or undefined. */
export function findFirefox(): string | undefined;
/** WebKitGTK's driver, browser and virtual screen, or undefined. */
export function findWebKit():
  | { readonly driver: string; readonly browser: string; readonly screen: string }
  | undefined;
/** Installs what is missing, if this process may. */
export function installOtherBrowsers(): void;
/** The messages for a person when the journeys in one of these browsers are skipped. */
export const howToGetOthers: { readonly firefox: string; readonly webkit: string };
