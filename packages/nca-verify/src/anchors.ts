/** The certificates of the authority's current roots and intermediates, stored in `anchors/`. */
import { sha256 } from './algorithms.ts';
import { anchorFile } from './assets.ts';
import { createTrust, type Trust } from './trust.ts';

/**
 * Each file with the SHA-256 of its DER. Compare them with https://pki.gov.kz/cert/NAME before
 * going live, and whenever the authority announces new ones: a pin is only as reliable as the
 * channel it came by.
 */
export const PRODUCTION_ANCHORS = [
  { file: 'root_gost_2022.cer', sha256: 'af77725f8328bb24f89d81da3acdf7cee4324248538b7ba2cd2a860517fb9dca' },
  { file: 'nca_gost_2022.cer', sha256: '32c7d233a42703a327f3025543a05b930e3f39a786c68dfa196baa86d5618524' },
  { file: 'root_rsa_2020.cer', sha256: '9ba06354b626641715182e4d07c9dbaa1777720fa795d03174ffc68876535dcd' },
  { file: 'nca_rsa_2022.cer', sha256: '84fb799a66140950818c056a5d9730acc2a7622cdd4ef0d47113b132fb892905' },
] as const;

/** The DER of the pinned certificates. Throws when a file differs from the pinned one. */
export function productionCertificates(): readonly Uint8Array[] {
  return PRODUCTION_ANCHORS.map(({ file, sha256: pinned }) => {
    const der = anchorFile(file);
    if (sha256(der) !== pinned) throw new Error(`anchors/${file} is not the pinned certificate`);
    return der;
  });
}

/** Trusts the pinned production roots and nothing else. */
export function productionTrust(): Trust {
  return createTrust(productionCertificates());
}
