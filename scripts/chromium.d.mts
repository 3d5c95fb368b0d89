/** The path of a Chromium that runs here, or undefined. */
export function findChromium(): string | undefined;
/** The path of a Chromium without a window, of a whole one where there is none, or undefined. */
export function findHeadlessShell(): string | undefined;
/** Installs Chromium where this process may, and gives its path. */
export function installChromium(): string | undefined;
/** What a person is told when no browser can be found or installed. */
export const howToGetChromium: string;
