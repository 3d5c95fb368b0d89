import type { FastifyRequest } from 'fastify';

/**
 * Who may open a route: anyone with a page, only a signed-in holder, or machines (no cookies, no
 * language).
 */
export type Access = 'anyone' | 'holder' | 'machine';

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: Access;
    /**
     * Asked by a script: without a session it answers 401 instead of sending to the sign-in page.
     */
    json?: boolean;
    /**
     * Keeps what this POST brought when it cannot be done now: the session has timed out, or
     * maintenance is under way.
     */
    keepTyped?: (holderId: string, body: unknown) => Promise<boolean>;
    /**
     * A POST that changes nothing of the holder's data, or makes them safer: it works during
     * maintenance, too.
     */
    duringMaintenance?: true;
    /**
     * The fields of a form that may be sent again as it was: they stand in the page of an outage.
     * Never a password or a code.
     */
    repeatable?: readonly string[];
    /** The page to come back to after signing in, where the route's own address is none. */
    backTo?: string;
    /** Where this POST leads when nobody is signed in any more: what it asks for is so already. */
    whenSignedOut?: string;
    /**
     * It serves a form that was made before somebody signed in or out, too: it does nothing that
     * needs a decision, always or while somebody is signed in.
     */
    takesEarlier?: 'always' | 'signed-in';
    /** It is served however many cookies come with it. */
    manyCookies?: true;
    /** Its script asks without the person's doing: that does not prolong the session. */
    passive?: true;
  }
}

/** A route as it was registered, for tests that go through all of them. */
export interface RouteEntry {
  readonly method: string;
  readonly url: string;
  readonly access: Access;
}

/** True for a request that may change something. */
export function isUnsafe({ method }: FastifyRequest): boolean {
  return method !== 'GET' && method !== 'HEAD';
}
