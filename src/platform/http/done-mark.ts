import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Keys } from '../keys.ts';
import { clearSecret, readSecret, setSecret } from './request-context.ts';

/**
 * Seconds for which a browser can prove what it has just done. An outage may last longer, but
 * nobody waits longer for a page.
 */
const markSeconds = 15 * 60;

const purpose = 'done';

/**
 * Leaves a mark in the browser that it has done what the page at `path` is about. If that page
 * cannot be shown, the mark proves it, without the database and without a session. It is signed for
 * this one address and says nothing about who did it.
 */
export function markDone(keys: Keys, request: FastifyRequest, reply: FastifyReply, path: string): void {
  const until = Math.floor(Date.now() / 1_000) + markSeconds;
  const signature = keys.sign(purpose, `${until} ${path}`).toString('base64url');
  setSecret(reply, 'done', `${until}.${signature}`, request.context.secure, markSeconds);
}

/** Leads to the page of what was done, with the mark. */
export function redirectDone(
  keys: Keys,
  request: FastifyRequest,
  reply: FastifyReply,
  path: string,
): FastifyReply {
  markDone(keys, request, reply, path);
  return reply.redirect(path, 303);
}

/** True when this browser has just done what the requested page is about. */
export function isDone(keys: Keys, request: FastifyRequest): boolean {
  const [until = '', signature = ''] = readSecret(request, 'done', request.context.secure)?.split('.') ?? [];
  // The database decides when things expire, but this is for when it is away.
  if (!(Number(until) > Date.now() / 1_000)) return false;
  return keys.verify(purpose, `${until} ${request.url}`, Buffer.from(signature, 'base64url'));
}

/** The page was shown: whoever uses this browser next needs no proof. */
export function forgetDone(request: FastifyRequest, reply: FastifyReply): void {
  const { secure } = request.context;
  if (readSecret(request, 'done', secure) !== undefined) clearSecret(reply, 'done', secure);
}
