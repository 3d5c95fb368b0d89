import { randomBytes } from 'node:crypto';
import {
  type Crl,
  createVerifierPool,
  ocspRequest,
  productionCertificates,
  VerifierBusyError,
  type VerifierPool,
} from 'nca-verify';
import type { SignatureVerifier } from '../../modules/eds/ports.ts';
import type { BreakerView } from '../../modules/operations/breaker.ts';
import { listFolder, readCertificates, type SeenFile } from './folder.ts';
import { type OcspResponder, ocspResponder } from './ocsp.ts';

export interface NcaSettings {
  /** `production`: the pinned roots of the National Certification Authority. Else a folder of certificates, read again when it changes. */
  readonly trust: 'production' | { readonly folder: string };
  readonly ocspUrl: string | undefined;
  /** Revocation lists, full and delta, kept fresh by whoever runs the service. */
  readonly crlDir: string | undefined;
}

const certificateEndings = ['.cer', '.crt', '.pem'];
/** How long signatures in work may still use threads that were replaced, milliseconds. */
const grace = 10_000;

/**
 * Verifies by nca-verify in worker threads. Revocation is asked of the responder first, the lists come second; without a fresh word
 * from either the signature is refused.
 */
export function ncaVerifier(
  settings: NcaSettings,
  onFailure: (what: 'OCSP' | 'CRL', reason: string) => void,
): SignatureVerifier & { readonly breakers: readonly BreakerView[]; close(): Promise<void> } {
  const { trust, ocspUrl, crlDir } = settings;
  const ocsp: OcspResponder | undefined =
    ocspUrl === undefined ? undefined : ocspResponder(ocspUrl, (reason) => onFailure('OCSP', reason));
  const pools = poolsFor(trust);
  /** The first of the signatures that could not be checked since the last one that could. */
  let unknownSince: Date | undefined;
  const lists = listsOf(crlDir, (reason) => onFailure('CRL', reason));

  return {
    async verify({ message, content, at, forSignature }) {
      const pool = await pools.current();
      try {
        const verdict = await pool.verify({
          message,
          content,
          at,
          require: forSignature ? 'individual-signature' : 'individual',
          revocation: 'skip',
        });
        if (!verdict.ok) return verdict;
        const { iin, certificate } = verdict.signer;
        if (iin === null) return { ok: false, reason: 'noIin' };

        const nonce = randomBytes(16);
        const response = await ocsp?.ask(ocspRequest(verdict.chain, nonce));
        const checked = await pool.checkRevocation({
          certificate: certificate.der,
          at,
          ...(response === undefined ? {} : { ocsp: { response, nonce } }),
          crls: await lists.current(pool),
        });
        if (!checked.ok) {
          if (checked.reason !== 'revocationUnknown') return checked;
          unknownSince ??= at;
          return { ...checked, detail: unknownSince.toISOString() };
        }
        unknownSince = undefined;
        const { source, asOf } = checked.revocation;
        if (source === 'notChecked') throw new Error('a certificate was let through unchecked');
        return {
          ok: true,
          value: {
            iin,
            certificate: {
              sha256: certificate.sha256,
              serial: certificate.serial,
              notAfter: certificate.notAfter,
            },
            revocation: { source, asOf },
            ocspResponse: source === 'ocsp' ? response : undefined,
          },
        };
      } catch (error) {
        if (error instanceof VerifierBusyError) return { ok: false, reason: 'busy' };
        throw error;
      }
    },
    breakers: ocsp ? [ocsp.breaker] : [],
    async close() {
      await pools.close();
      await ocsp?.close();
    },
  };
}

/** The threads for what is trusted now; none before the first signature comes. */
function poolsFor(trust: NcaSettings['trust']): {
  current(): Promise<VerifierPool>;
  close(): Promise<void>;
} {
  let mark: string | undefined;
  let pool: VerifierPool | undefined;
  const use = (certificates: readonly Uint8Array[]): VerifierPool => {
    const former = pool;
    if (former) setTimeout(() => void former.close(), grace).unref();
    pool = createVerifierPool({ certificates });
    return pool;
  };
  return {
    async current() {
      if (trust === 'production') return pool ?? use(productionCertificates());
      const files = await listFolder(trust.folder, certificateEndings);
      const now = files.map((file) => file.mark).join('\n');
      if (pool && now === mark) return pool;
      const certificates = await readCertificates(files);
      // Another request may have come to the same while this one read.
      if (pool && now === mark) return pool;
      mark = now;
      return use(certificates);
    },
    close: async () => pool?.close(),
  };
}

/** The lists of a folder, each read again when its file changes. */
function listsOf(
  folder: string | undefined,
  onFailure: (reason: string) => void,
): { current(pool: VerifierPool): Promise<readonly Crl[]> } {
  const read = new Map<
    string,
    { readonly mark: string; readonly pool: VerifierPool; crl: Promise<Crl | null> }
  >();
  const load = async (pool: VerifierPool, path: string): Promise<Crl | null> => {
    const loaded = await pool.loadCrl(path);
    if (loaded.ok) return loaded.crl;
    onFailure(loaded.reason);
    return null;
  };
  const listFor = (pool: VerifierPool, { path, mark }: SeenFile): Promise<Crl | null> => {
    const known = read.get(path);
    if (known?.mark === mark && known.pool === pool) return known.crl;
    const crl = load(pool, path);
    read.set(path, { mark, pool, crl });
    // A fault of the thread is no word on the list: it is tried again.
    crl.catch(() => read.delete(path));
    return crl;
  };
  return {
    async current(pool) {
      if (folder === undefined) return [];
      const files = await listFolder(folder, ['.crl']);
      const lists = await Promise.all(files.map((file) => listFor(pool, file)));
      return lists.filter((crl) => crl !== null);
    },
  };
}
