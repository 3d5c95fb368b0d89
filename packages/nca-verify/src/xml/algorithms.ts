/** The algorithms of signed XML. As in the table for CMS, anything else is refused. */
import { OID } from '../algorithms.ts';
import type { KeyFamily } from '../verdict.ts';
import { XmlRefusal } from './verdict.ts';

interface XmlScheme {
  readonly family: KeyFamily;
  /** The identifiers in the document. */
  readonly signatureUri: string;
  readonly digestUri: string;
  /** The same in the table for CMS. */
  readonly signature: string;
  readonly digest: string;
}

const AUTHORITY = 'urn:ietf:params:xml:ns:pkigovkz:xmlsec:algorithms:';
const MORE = 'http://www.w3.org/2001/04/xmldsig-more#';
const ENCRYPTION = 'http://www.w3.org/2001/04/xmlenc#';

const SCHEMES: readonly XmlScheme[] = [
  {
    family: 'gost2015',
    signatureUri: `${AUTHORITY}gostr34102015-gostr34112015-512`,
    digestUri: `${AUTHORITY}gostr34112015-512`,
    signature: OID.gost2015Signature,
    digest: OID.streebog512,
  },
  {
    family: 'rsa',
    signatureUri: `${MORE}rsa-sha256`,
    digestUri: `${ENCRYPTION}sha256`,
    signature: OID.sha256WithRsa,
    digest: OID.sha256,
  },
  {
    family: 'rsa',
    signatureUri: `${MORE}rsa-sha512`,
    digestUri: `${ENCRYPTION}sha512`,
    signature: OID.sha512WithRsa,
    digest: OID.sha512,
  },
  {
    family: 'gost2004',
    signatureUri: `${MORE}gost34310-gost34311`,
    digestUri: `${MORE}gost34311`,
    signature: OID.gost2004Signature,
    digest: OID.gost94,
  },
];

/**
 * The row of this pair.
 * @throws XmlRefusal `hmacNotAllowed` or `algorithmNotAllowed`
 */
export function schemeOf(signatureUri: string, digestUri: string, allowGost2004: boolean): XmlScheme {
  // A secret key that anybody can know: the certificate's own octets, for example.
  if (/hmac/i.test(signatureUri)) throw new XmlRefusal('hmacNotAllowed', 'a signature by a secret key');
  const found = SCHEMES.find((row) => row.signatureUri === signatureUri && row.digestUri === digestUri);
  if (found === undefined || (found.family === 'gost2004' && !allowGost2004)) {
    throw new XmlRefusal('algorithmNotAllowed', `${printable(digestUri)} with ${printable(signatureUri)}`);
  }
  return found;
}

/** An identifier from a document, short and without what could break a log. */
export function printable(uri: string): string {
  return uri.slice(0, 100).replace(/[^\x21-\x7e]/g, '?');
}
