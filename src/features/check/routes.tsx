import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { paths } from '../../paths.ts';
import { type PageAssets, readAssets } from '../../platform/http/assets.ts';
import { parse } from '../../platform/http/forms.ts';
import { layoutWords } from '../../platform/http/page-frame.tsx';
import type { Database } from '../../platform/postgres/database.ts';
import { root } from '../../platform/root.ts';
import { textsOf } from '../../texts/texts.ts';
import { Layout } from '../../ui/layout.tsx';
import { renderDocument } from '../../ui/render-document.ts';
import { type Language, languages } from '../../values/language.ts';
import { createPublishedHeads, type PublishedHeads } from '../receipt-log/published-heads.ts';
import type { ReceiptSealer } from '../receipt-seal/sealer.ts';
import { CheckPage } from './page.tsx';

export interface CheckRoutesDeps {
  readonly database: Database;
  /** Undefined where receipts have no seal. */
  readonly receiptSealer: ReceiptSealer | undefined;
  /** Certificates that are trusted beside those of the authority, DER. */
  readonly furtherTrust: () => Promise<readonly Uint8Array[]>;
}

const checkQuery = z.object({ language: z.enum(languages).optional().catch(undefined) });

/**
 * What the page may do: run its own script and the WebAssembly in it, and nothing else. It can send
 * nothing anywhere, which is what it promises.
 */
const policy = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "require-trusted-types-for 'script'",
].join(';');

/** The same for the page as one file, in which script and style stand. */
const offlinePolicy =
  "default-src 'none'; script-src 'unsafe-inline' 'wasm-unsafe-eval'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'";

/** Days of the log whose heads come with the page: each has half a kilobyte. */
const daysOnPage = 62;

/**
 * `/check`, the same page as one file, and the heads of the log. All are public, and nothing is
 * uploaded to them.
 */
export function checkRoutes(server: FastifyInstance, deps: CheckRoutesDeps): void {
  const config = { access: 'anyone' } as const;
  const heads = createPublishedHeads(deps.database);
  const all = { ...deps, heads, assets: readAssets().forPage(['check'], ['check']) };
  server.get(paths.check, { config }, (request, reply) => showCheck(all, request, reply));
  server.get(paths.checkFile, { config }, (request, reply) => showCheckFile(all, request, reply));
  server.get(paths.receiptHeads, { config: { access: 'machine' } }, (request, reply) =>
    showHeads(all, request, reply),
  );
}

/** What the page is made of, read once. */
interface CheckDeps extends CheckRoutesDeps {
  readonly heads: PublishedHeads;
  readonly assets: PageAssets;
}

async function showCheck(
  deps: CheckDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  return reply
    .header('content-security-policy', policy)
    .type('text/html; charset=utf-8')
    .send(await pageOf(deps, languageOf(request), false));
}

async function showCheckFile(
  deps: CheckDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  return reply
    .header('content-disposition', 'attachment; filename="check.html"')
    .type('text/html; charset=utf-8')
    .send(inOneFile(await pageOf(deps, languageOf(request), true)));
}

async function showHeads(
  { heads, receiptSealer }: CheckDeps,
  _request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const lines = receiptSealer ? await heads.lines() : [];
  return reply
    .header('cache-control', 'public, max-age=300')
    .header('access-control-allow-origin', '*')
    .type('text/plain; charset=utf-8')
    .send(lines.map((line) => `${line}\n`).join(''));
}

function languageOf(request: FastifyRequest): Language {
  return parse(checkQuery, request.query).language ?? request.context.language;
}

async function pageOf(
  { receiptSealer, furtherTrust, assets, heads }: CheckDeps,
  language: Language,
  offline: boolean,
): Promise<string> {
  const t = textsOf(language);
  const keys = (await receiptSealer?.published()) ?? { keys: [] };
  // The page also checks without them, and says so.
  const lines = receiptSealer ? await heads.lines(offline ? undefined : daysOnPage).catch(() => []) : [];
  const signed = lines.map((line) => line.slice(line.lastIndexOf(' ') + 1));
  const trust = (await furtherTrust()).map((der) => Buffer.from(der).toString('base64'));
  return renderDocument(
    <Layout
      language={language}
      title={t.check.title}
      words={layoutWords({ texts: t })}
      assets={assets}
      csrf={undefined}
    >
      <CheckPage
        t={t}
        language={language}
        keys={JSON.stringify(keys)}
        trust={trust}
        heads={signed.join('\n')}
        offline={offline}
      />
    </Layout>,
  );
}

const built = new Map<string, string>();

/** A built file, read once: the script has half a megabyte. */
function builtFile(address: string): string {
  const text = built.get(address) ?? readFileSync(join(root, 'dist', address), 'utf8');
  built.set(address, text);
  return text;
}

/** Puts the style and the script into the page, and leaves out what is not in it. */
function inOneFile(html: string): string {
  return html
    .replace(/<link rel="icon"[^>]*>/, '')
    .replace(
      /<link rel="stylesheet" href="([^"]+)"[^>]*>/g,
      (_, address: string) => `<style>${builtFile(address)}</style>`,
    )
    .replace(
      /<script type="module" src="([^"]+)"><\/script>/g,
      (_, address: string) => `<script type="module">${builtFile(address)}</script>`,
    )
    .replace('<head>', () => `<head><meta http-equiv="content-security-policy" content="${offlinePolicy}">`);
}
