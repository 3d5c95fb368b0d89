/** The names of the pictures in docs/screens, without `.png`. */
export const keptScreens: readonly string[];
/** Writes the kept pictures of one folder, made small, as the only pictures of another. */
export function keepScreens(from: string, to: string): void;
