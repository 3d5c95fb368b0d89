import type { FastifyRequest } from 'fastify';
import type { Queryable } from '../postgres/database.ts';
import type { Wish } from '../session.ts';

/** Who may use a route: anyone, a signed-in holder only, or machines (no cookies, no language). */
export type Access = 'anyone' | 'holder' | 'machine';

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: Access;
    /**
     * What a holder wants with this route. Without it, a GET wants to read and anything else to
     * save.
     */
    wish?: Wish;
    /**
     * A script calls it. Without a session it answers 401 instead of sending to the sign-in page.
     */
    json?: boolean;
    /**
     * Keeps what this POST carried when it cannot be done now because the session has timed out or
     * maintenance is under way.
     */
    keepTyped?: (holderId: string, body: unknown) => Promise<boolean>;
    /**
     * A POST that changes nothing of the holder's data, or makes the data safer. It also works
     * during maintenance.
     */
    duringMaintenance?: true;
    /**
     * The fields of a form that may be sent again unchanged. The page of an outage contains them.
     * Never a password or a code.
     */
    repeatable?: readonly string[];
    /**
     * Where what this POST carries has led before. Asked during maintenance, when it cannot be done
     * anew, so that nobody is told that it failed.
     */
    doneBefore?: (holderId: string, body: unknown) => Promise<string | undefined>;
    /**
     * Answers a GET of this page when it cannot be shown, if the browser has a right to know more
     * than the usual page says: that what the page is about was done.
     */
    whenNotShown?: (
      request: FastifyRequest,
      reply: FastifyReply,
      why: 'outage' | 'no session',
    ) => FastifyReply | undefined;
    /**
     * What this route reads in any case, together with the session. It gives `context.reading`,
     * which is undefined when there was nothing to read.
     */
    readWithSession?: (connection: Queryable, sessionHash: Buffer, body: unknown) => Promise<unknown>;
    /**
     * The page reads only, through `readingDeps`, so it can be shown from a standby while the
     * leader is away.
     */
    readsStandby?: true;
    /** The page to return to after sign-in, where the route itself is not a page. */
    backTo?: string;
    /**
     * Where this POST leads when nobody is signed in any more, because its effect has already
     * happened.
     */
    whenSignedOut?: string;
    /**
     * The route also accepts a form that was made before somebody signed in or out, because it does
     * nothing that needs a decision. Either always, or only while somebody is signed in.
     */
    takesEarlier?: 'always' | 'signed-in';
    /** The route is served however many cookies the request carries. */
    manyCookies?: true;
    /** A script calls it without the person's action, so it does not prolong the session. */
    passive?: true;
  }
}

/** A registered route, for tests that go through all of them. */
export interface RouteEntry {
  readonly method: string;
  readonly url: string;
  readonly access: Access;
}

/** True for a request that may change something. */
export function isUnsafe({ method }: FastifyRequest): boolean {
  return method !== 'GET' && method !== 'HEAD';
}
