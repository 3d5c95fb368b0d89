/** The path of a Chromium that runs on this machine, or undefined. */
export function findChromium(): string | undefined;
/** The path of Chromium's headless shell, otherwise of a full Chromium, or undefined. */
export function findHeadlessShell(): string | undefined;
/** Installs Chromium if this process may, and returns its path. */
export function installChromium(): string | undefined;
/** The message for a person when no browser can be found or installed. */
export const howToGetChromium: string;
