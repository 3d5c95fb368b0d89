// biome-ignore-all lint/performance/noBarrelFile: an entry of a published package
/** Signed XML. Needs the package `saxes`, which nothing else in nca-verify loads. */
export {
  type ElementName,
  XML_REASONS,
  type XmlAccepted,
  type XmlReason,
  type XmlRefused,
  type XmlVerdict,
} from './verdict.ts';
export { MAX_XML_BYTES, type VerifyXmlRequest, verifyXml } from './verify.ts';
