import type { Sources } from './imports.ts';

/** A tag that exempts an export from the check of dead code without need or without a reason. */
export interface TagFault {
  readonly file: string;
  readonly line: number;
  readonly fault: string;
}

/**
 * `knip --production` ignores an export tagged `@internal`. Each tag must say in the same line who
 * else uses the export. The other tags that knip knows would hide an export from every check, so
 * they are refused.
 */
export function checkTags(sources: Sources): TagFault[] {
  if (sources.size === 0) throw new Error('there are no sources');
  return [...sources].flatMap(([file, text]) =>
    text.split('\n').flatMap((words, index) => {
      const [, tag, reason = ''] = /@(internal|public|beta|alias)\b(.*)/.exec(words) ?? [];
      if (tag === undefined) return [];
      const fault =
        tag !== 'internal'
          ? `@${tag} hides an export from every check`
          : reason.split(/\s+/).filter((word) => /^[A-Za-z]/.test(word)).length < 4
            ? '@internal says in its line who uses it'
            : undefined;
      return fault === undefined ? [] : [{ file, line: index + 1, fault }];
    }),
  );
}
