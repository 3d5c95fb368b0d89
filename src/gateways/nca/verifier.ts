import { randomBytes } from 'node:crypto';
import { basename } from 'node:path';
import type { Crl, VerifierPool } from 'nca-verify';
import type {
  SignatureRequest,
  SignatureVerifier,
  TimeStamper,
  TrustedCertificate,
} from '../../features/eds/verifier.ts';
import type { CircuitBreakerView } from '../../platform/circuit-breaker.ts';
import { validity } from '../../platform/credentials.ts';
import { type LookTimes, readCertificates, watchFolder } from './folder.ts';
import { followLists } from './lists.ts';
import { createResponder } from './responder.ts';
import { createTimeStamper } from './time-stamper.ts';

export interface NcaSettings extends LookTimes {
  /**
   * `production`: the pinned roots of the National Certification Authority. Otherwise a folder of
   * certificates, which is read again when it changes.
   */
  readonly trust: 'production' | { readonly folder: string };
  readonly ocspUrl: string | undefined;
  readonly tsaUrl: string | undefined;
  /** A folder of revocation lists, full and delta. The operator keeps it up to date. */
  readonly crlDir: string | undefined;
  /** How many threads verify. */
  readonly threads: number;
}

/** The verifier, with what the operator sees of it. */
export interface NcaVerifier extends SignatureVerifier {
  readonly breakers: readonly CircuitBreakerView[];
  /** Undefined where no time-stamp authority is configured. */
  readonly timeStamper: TimeStamper | undefined;
  /** What is trusted now. */
  trusted(): Promise<readonly TrustedCertificate[]>;
  close(): Promise<void>;
}

const certificateEndings = ['.cer', '.crt', '.pem'];
/** Loaded at the first signature: it takes time at the start, and memory. */
const loadVerifier = () => import('nca-verify');
type Verifier = Awaited<ReturnType<typeof loadVerifier>>;

/** Milliseconds for which verifications in progress may still use threads that were replaced. */
const grace = 10_000;

/**
 * Verifies with nca-verify in worker threads. Asks the OCSP responder about revocation first, then
 * the lists. Refuses the signature without a recent answer from either.
 */
export function createNcaVerifier(
  settings: NcaSettings,
  onFailure: (what: 'OCSP' | 'CRL' | 'TSA', reason: string) => void,
): NcaVerifier {
  const { ocspUrl, tsaUrl, crlDir } = settings;
  const ask = (service: 'ocsp' | 'tsa', what: 'OCSP' | 'TSA', url: string | undefined) =>
    url === undefined ? undefined : createResponder(service, url, (reason) => onFailure(what, reason));
  const [ocsp, tsa] = [ask('ocsp', 'OCSP', ocspUrl), ask('tsa', 'TSA', tsaUrl)];
  const pools = poolsFor(settings);
  /** When the first of the current run of signatures came whose revocation could not be checked. */
  let unknownSince: Date | undefined;
  const lists =
    crlDir === undefined
      ? undefined
      : followLists(watchFolder(crlDir, ['.crl'], settings), (reason) => onFailure('CRL', reason));

  return {
    async verify(request) {
      const { at, requester, forSignature } = request;
      const { ocspRequest, VerifierBusyError } = await loadVerifier();
      const fairness = { key: requester };
      const pool = await pools.current();
      try {
        const verdict = await verifyMessage(pool, request);
        if (!verdict.ok) return verdict;
        const { iin, certificate } = verdict.signer;
        if (iin === null) return { ok: false, reason: 'noIin' };

        const nonce = randomBytes(16);
        const response = await ocsp?.ask(ocspRequest(verdict.chain, nonce));
        const crls = (await lists?.current(pool, at)) ?? [];
        const checked = await pool.checkRevocation(
          {
            certificate: certificate.der,
            at,
            ...(response === undefined ? {} : { ocsp: { response, nonce } }),
            crls,
          },
          fairness,
        );
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
            issuers: verdict.chain.slice(1),
            lists: source === 'crl' ? keptLists(crls) : [],
            lacksTimeStamp: tsa !== undefined && forSignature && !verdict.trustedTime,
          },
        };
      } catch (error) {
        if (error instanceof VerifierBusyError) return { ok: false, reason: 'busy' };
        throw error;
      }
    },
    timeStamper: tsa && createTimeStamper({ tsa, ocsp, pool: pools.current }),
    breakers: [ocsp, tsa].flatMap((responder) => responder?.breaker ?? []),
    trusted: pools.trusted,
    async close() {
      await pools.close();
      await ocsp?.close();
      await tsa?.close();
    },
  };
}

/**
 * Bytes of the longest list that is kept with a signature. Longer ones are the operator's to keep.
 */
const longestKept = 64 * 1024;

function keptLists(crls: readonly Crl[]): readonly Uint8Array[] {
  return crls.flatMap(({ octets }) => (octets.length <= longestKept ? Uint8Array.from(octets) : []));
}

/** Verifies everything except revocation. */
async function verifyMessage(
  pool: VerifierPool,
  { message, content, at, forSignature, byPhone = false, requester }: SignatureRequest,
) {
  const verdict = await pool.verify(
    {
      message,
      // Without it, a message that lacks its content is refused.
      ...(byPhone ? {} : { content }),
      at,
      require: forSignature ? 'individual-signature' : 'individual',
      revocation: 'skip',
      timeStamps: byPhone ? 'check' : forSignature ? 'verify' : 'ignore',
    },
    { key: requester },
  );
  return verdict.ok && Buffer.compare(verdict.content, content) !== 0
    ? ({ ok: false, reason: 'contentMismatch' } as const)
    : verdict;
}

/** The threads for what is trusted now. They start with the first signature. */
function poolsFor(settings: NcaSettings): {
  current(): Promise<VerifierPool>;
  trusted(): Promise<readonly TrustedCertificate[]>;
  close(): Promise<void>;
} {
  const { trust, threads } = settings;
  const look = trust === 'production' ? undefined : watchFolder(trust.folder, certificateEndings, settings);
  let mark: string | undefined;
  let pool: VerifierPool | undefined;
  const use = (nca: Verifier, certificates: readonly Uint8Array[]): VerifierPool => {
    const former = pool;
    if (former) setTimeout(() => void former.close(), grace).unref();
    pool = nca.createVerifierPool({ certificates, size: threads });
    return pool;
  };
  return {
    async current() {
      const nca = await loadVerifier();
      if (!look) return pool ?? use(nca, nca.productionCertificates());
      const files = await look();
      const now = files.map((file) => file.mark).join('\n');
      if (pool && now === mark) return pool;
      const certificates = await readCertificates(files);
      // Another request may have done the same while this one read.
      if (pool && now === mark) return pool;
      mark = now;
      return use(nca, certificates);
    },
    async trusted() {
      if (!look) return productionUntil();
      const files = await look();
      const certificates = await readCertificates(files);
      return files.flatMap(({ path }, index) => untilOf(basename(path), certificates[index]));
    },
    close: async () => pool?.close(),
  };
}

let pinned: readonly TrustedCertificate[] | undefined;

/** The pinned certificates do not change while the process runs. */
async function productionUntil(): Promise<readonly TrustedCertificate[]> {
  if (pinned) return pinned;
  const { PRODUCTION_ANCHORS, productionCertificates } = await loadVerifier();
  pinned = productionCertificates().flatMap((der, index) =>
    untilOf(PRODUCTION_ANCHORS[index]?.file ?? String(index), der),
  );
  return pinned;
}

/** None for a file that is no certificate. */
function untilOf(name: string, file: Uint8Array | undefined): readonly TrustedCertificate[] {
  const until = file && validity(file)?.until;
  return until ? [{ name, until }] : [];
}
