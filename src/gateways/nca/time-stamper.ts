import { randomBytes } from 'node:crypto';
import type { VerifierPool } from 'nca-verify';
import type { TimeStamper } from '../../features/eds/verifier.ts';
import { accepted, type Result, refused } from '../../values/result.ts';
import type { Responder } from './responder.ts';

interface TimeStamperDeps {
  readonly tsa: Responder;
  readonly ocsp: Responder | undefined;
  /** The threads for what is trusted now. */
  readonly pool: () => Promise<VerifierPool>;
}

const loadVerifier = () => import('nca-verify');

/**
 * Asks the authority for time-stamps, and keeps none that it has not checked as whoever reads it
 * later does: the nonce, what it is about, whose it is.
 */
export function createTimeStamper({ tsa, ocsp, pool }: TimeStamperDeps): TimeStamper {
  const stamp = async (data: Uint8Array, digest: 'streebog512' | 'sha256' | 'sha512') => {
    const nca = await loadVerifier();
    const nonce = randomBytes(16);
    const answer = await tsa.ask(nca.timeStampRequest(data, { nonce, digest }));
    if (answer === undefined) return refused('noAnswer');
    const read = nca.readTimeStampResponse(answer);
    if (!read.ok) return refused(read.reason);
    const { token } = read;
    const checked = await (await pool()).verifyTimeStamp({ token, data, nonce, at: new Date() });
    return checked.ok
      ? accepted({ token, time: checked.time, until: checked.until })
      : refused(checked.reason);
  };

  /** An answer about revocation from now on, as the signature is judged by one of its time. */
  const askAgain = async (chain: readonly Uint8Array[]): Promise<Uint8Array | undefined> => {
    const [certificate] = chain;
    if (!ocsp || !certificate) return undefined;
    const nonce = randomBytes(16);
    const response = await ocsp.ask((await loadVerifier()).ocspRequest(chain, nonce));
    if (response === undefined) return undefined;
    const checked = await (await pool()).checkRevocation({
      certificate,
      at: new Date(),
      ocsp: { response, nonce },
    });
    return checked.ok || checked.reason === 'revoked' ? response : undefined;
  };

  return {
    async stampSignature(message, content) {
      const value = (await loadVerifier()).signatureValue(message);
      if (!value.ok) return refused(value.reason);
      const stamped: Result<{ token: Uint8Array; time: Date }, string> = await stamp(
        value.value,
        value.digest,
      );
      if (!stamped.ok) return stamped;
      const { token, time } = stamped.value;
      const verdict = await (await pool()).verify({
        message,
        content,
        at: 'time-stamp',
        now: new Date(),
        tokens: [token],
        revocation: 'skip',
      });
      return verdict.ok
        ? accepted({ token, time, ocspResponse: await askAgain(verdict.chain) })
        : refused(verdict.reason);
    },
    stampData: (data) => stamp(data, 'streebog512'),
  };
}
